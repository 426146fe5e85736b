import { nextTime, runContext } from '@holdfast/core';
import { storeOf } from '../archive/destinations.ts';
import { problemOf } from '../notify/compose.ts';
import { notifyOnChange } from '../tasks/notify-on-change.ts';
import { pingDeadMan } from '../tasks/ping.ts';
import { notifiersOf } from './flow-parts.ts';
import type { NightlyOptions } from './nightly-options.ts';
import type { SourceReport } from './nightly-report.ts';

/** When the flow is started next, going by the recorded time. */
function nextAttemptOf({ times }: NightlyOptions): Date | undefined {
  return times === undefined ? undefined : nextTime(times, new Date(runContext().now()));
}

/** Tells people how a source went, if that has changed. Whether they hear it changes nothing. */
export async function tellOf(options: NightlyOptions, report: SourceReport): Promise<SourceReport> {
  const { stores, maxAge } = options;
  const notifiers = notifiersOf(options.notify);
  if (notifiers.length === 0) return report;
  const { source: set, standing, what, problem, task } = report;
  const next = standing === 'good' ? undefined : nextAttemptOf(options);
  await notifyOnChange
    .submit({
      set,
      standing,
      what,
      notifiers,
      ledger: stores.primary,
      stores: [stores.primary, ...(stores.copies ?? []).map(storeOf)],
      ...(problem === undefined ? {} : { problem }),
      ...(task === undefined ? {} : { task }),
      ...(maxAge === undefined ? {} : { maxAge }),
      ...(next === undefined ? {} : { nextAttemptAt: next.toISOString() }),
    })
    .outcome();
  return report;
}

/** Tells a dead-man switch that work starts, and how it has ended. Whether it hears it changes nothing. */
export async function withPings<T>(to: string | undefined, work: () => Promise<T>): Promise<T> {
  if (to === undefined) return work();
  await pingDeadMan.submit({ to, signal: 'start' }).outcome();
  try {
    const done = await work();
    await pingDeadMan.submit({ to, signal: 'success' }).outcome();
    return done;
  } catch (error) {
    await pingDeadMan.submit({ to, signal: 'fail', text: problemOf(error).message }).outcome();
    throw error;
  }
}
