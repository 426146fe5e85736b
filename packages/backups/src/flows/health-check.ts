import { type Flow, flow } from '@holdfast/core';
import type { SetHealth } from '../health/health.ts';
import { checkLimits, type HealthLimits } from '../health/limits.ts';
import { checkHealth } from '../tasks/check-health.ts';
import { notifyOnChange } from '../tasks/notify-on-change.ts';
import { notifiersOf, refuseEmpty } from './flow-parts.ts';

/** What a health check is made of. */
export interface HealthCheckOptions {
  /** Name of the flow. Default 'health-check'. */
  readonly name?: string;
  /** The sets that have to be there: one that has vanished is noticed. */
  readonly sets: readonly string[];
  /** Names of object stores among the engine's resources; the first remembers what people were told. */
  readonly stores: readonly string[];
  /** What a healthy set keeps to. Default: see `HealthLimits`. */
  readonly limits?: HealthLimits;
  /** Names of notifiers among the engine's resources. Default: nobody is told. */
  readonly notify?: string | readonly string[];
}

/**
 * Makes a flow that judges backup sets by what their stores tell, and tells people when one stands badly, or is good again. It
 * completes whatever it finds: the verdicts are its result.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function healthCheck(options: HealthCheckOptions): Flow<() => Promise<SetHealth[]>> {
  const { name = 'health-check', sets, stores, limits = {}, notify } = options;
  const notifiers = notifiersOf(notify);
  const [ledger = ''] = stores;
  refuseEmpty(name, 'set', sets);
  refuseEmpty(name, 'store', stores);
  const { maxRestorableAge: maxAge } = checkLimits(limits, stores.length);

  async function look(set: string): Promise<SetHealth> {
    const health = await checkHealth({ set, stores, limits });
    if (notifiers.length > 0) {
      const { standing, summary: what, figures } = health;
      const known = { lastProvenAt: figures.lastRestorableAt, maxAge };
      const told = { set, topic: 'health', standing, what, notifiers, ledger, ...known };
      await notifyOnChange.submit(told).outcome();
    }
    return health;
  }

  return flow(() => Promise.all(sets.map(look)), { name });
}
