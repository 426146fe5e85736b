import { HoldfastError, type LimitUse } from '@holdfast/core';
import { lockOf } from './set-lock.ts';

/** Options that the ready-made flows share. */
export interface CommonFlowOptions {
  /** Limits that every task which works on backups takes its share of: those of a flow do not cover its tasks. */
  readonly limits?: readonly LimitUse[];
  /** Whether they also take the limit `set:<name>` of their set, so that they exclude each other: see `setLocks`. Default false. */
  readonly lock?: boolean;
  /** Names of notifiers among the engine's resources. Default: nobody is told. */
  readonly notify?: string | readonly string[];
}

/** Names of notifiers, of which there may be one, several or none. */
export function notifiersOf(notify: string | readonly string[] = []): readonly string[] {
  return typeof notify === 'string' ? [notify] : notify;
}

/** The option `limits` of the tasks that work on a set; nothing where there are none. */
export function limited(
  set: string,
  options: CommonFlowOptions,
): { readonly limits?: readonly LimitUse[] } {
  return limitedAll([set], options);
}

/** The same for tasks that work on several sets: they take the locks of all of them at once. */
export function limitedAll(
  sets: readonly string[],
  { limits = [], lock = false }: CommonFlowOptions,
): { readonly limits?: readonly LimitUse[] } {
  const all = lock ? [...limits, ...sets.map(lockOf)] : limits;
  return all.length === 0 ? {} : { limits: all };
}

/**
 * Refuses what would look like work and is none.
 *
 * @throws `OPTIONS_INVALID`
 */
export function refuseEmpty(flow: string, what: string, values: readonly unknown[]): void {
  if (values.length > 0) return;
  throw new HoldfastError('OPTIONS_INVALID', `The flow ${flow} has no ${what}.`, {
    hint: 'Name the backup sets, and the stores that hold them.',
    retryable: false,
    context: { flow },
  });
}
