import { runContext, task } from '@holdfast/core';
import { lastProven } from '../catalog/last-proven.ts';
import { composeNotice, type Problem } from '../notify/compose.ts';
import { giveNotice } from '../notify/deliver.ts';
import type { AnyNotifier, Notice, NoticeContext } from '../notify/notifier.ts';
import { storeNamed } from './surroundings.ts';

/** What the notify task is told. */
export interface NotifyInput {
  /** Name of the notifier among the engine's resources: a {@link Notifier}, or a plain function. */
  readonly notifier: string;
  readonly set: string;
  /** The consequence, in a few words: 'no proven backup tonight'. */
  readonly what: string;
  readonly problem?: Problem;
  /** Names of the stores that are asked for the set's last proven backup. Default: none. */
  readonly stores?: readonly string[];
}

/** When a set was last proven; undefined when no store can tell: that must not keep a message from being sent. */
export async function provenIn(
  stores: readonly string[],
  set: string,
): Promise<string | null | undefined> {
  if (stores.length === 0) return undefined;
  try {
    return (await lastProven(stores.map(storeNamed), set, runContext().signal)) ?? null;
  } catch (error) {
    runContext().signal.throwIfAborted();
    runContext().logger.warn({ err: error, set }, 'the last proven backup could not be looked up');
    return undefined;
  }
}

/** What the present run gives to a notifier. */
export function noticeContext(): NoticeContext {
  const run = runContext();
  return { signal: run.signal, secret: (secret) => run.secret(secret) };
}

/**
 * Tells people about a backup set at once, whatever they were told before: the consequence first, with the age of its last
 * proven backup. Three retries, one minute an attempt. Its failure says nothing of the backup: let no flow fail by it
 * (await its `outcome()`). What is to be told only when it changes: `notifyOnChange`.
 *
 * @throws `NOTIFY_FAILED`, `RESOURCE_UNKNOWN`
 */
export const notify = task(
  async (input: NotifyInput): Promise<Notice> => {
    const context = runContext();
    const { notifier, set, what, problem = null, stores = [] } = input;
    const lastProvenAt = await provenIn(stores, set);
    const { rootRunId: runId } = context;
    const now = context.now();
    const notice = composeNotice({ set, what, problem, runId, lastProvenAt, now });
    await giveNotice(context.resource<AnyNotifier>(notifier), notice, noticeContext());
    return notice;
  },
  {
    name: 'notify',
    runName: ({ set }: NotifyInput) => `tell of ${set}`,
    description: 'Tells people about a backup set.',
    retries: { limit: 3, delay: '5s', backoff: 'exponential', jitter: true },
    timeout: '1m',
    tags: ['notify'],
  },
);
