import { keepingOf, storeOf } from '../archive/destinations.ts';
import type { Backup } from '../model/backup.ts';
import { type Problem, problemOf } from '../notify/compose.ts';
import type { RecoveryPoint } from '../model/recovery-point.ts';
import { notifyOnChange } from '../tasks/notify-on-change.ts';
import { publishRecoveryPoint } from '../tasks/recovery-point.ts';
import { limitedAll, notifiersOf } from './flow-parts.ts';
import type { NightlyOptions } from './nightly-options.ts';
import type { SourceReport } from './nightly-report.ts';

/** The recovery point of a night in a store, or why there is none. */
export interface PointReport {
  readonly store: string;
  readonly point?: RecoveryPoint;
  readonly problem?: Problem;
}

/** The name of a flow, in letters that the name of a point may have. */
function pointName(flow: string): string {
  return flow
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}_.-]/gu, '-')
    .replace(/^[.-]+/, '_');
}

/** Databases, then what is read once they are dumped. */
function stagesOf(options: NightlyOptions, backups: readonly Backup[]): Backup[][] {
  const isLate = (at: number): boolean => options.sources[at]?.kind === 'files';
  const stages = [backups.filter((_, at) => !isLate(at)), backups.filter((_, at) => isLate(at))];
  return stages.filter((stage) => stage.length > 0);
}

/** The stores that have every backup of the night, with how they keep it. */
function wholeStores({ stores }: NightlyOptions, reports: readonly SourceReport[]) {
  const copied = (stores.copies ?? []).filter((destination) =>
    reports.every(({ copies }) =>
      copies.some(({ store, copy }) => store === storeOf(destination) && copy !== undefined),
    ),
  );
  const copies = copied.map((one) => ({ store: storeOf(one), ...keepingOf(one) }));
  return [{ store: stores.primary }, ...copies];
}

async function tell(name: string, options: NightlyOptions, points: readonly PointReport[]) {
  const notifiers = notifiersOf(options.notify);
  if (notifiers.length === 0) return;
  const failed = points.find(({ problem }) => problem !== undefined);
  const { problem } = failed ?? {};
  const about = { set: name, topic: 'recovery-point', notifiers, ledger: options.stores.primary };
  const told =
    failed === undefined || problem === undefined
      ? ({ standing: 'good', what: 'its backups make a recovery point' } as const)
      : ({ standing: 'degraded', what: `no recovery point in ${failed.store}`, problem } as const);
  await notifyOnChange.submit({ ...about, ...told }).outcome();
}

/**
 * Makes a recovery point of the night's backups, in every store that has all of them. Nothing where there is one source, or
 * one without a proven backup; that it fails fails nothing.
 */
export async function joinNight(
  flow: string,
  options: NightlyOptions,
  reports: readonly SourceReport[],
): Promise<{ readonly points?: readonly PointReport[] }> {
  const backups = reports.flatMap(({ backup }) => (backup === undefined ? [] : [backup]));
  if (backups.length < 2 || backups.length < reports.length) return {};
  const name = pointName(flow);
  const stages = stagesOf(options, backups);
  const sets = backups.map(({ set }) => set);
  const publish = publishRecoveryPoint.with(limitedAll(sets, options));
  const points = await Promise.all(
    wholeStores(options, reports).map(async (place): Promise<PointReport> => {
      const done = await publish.submit({ name, stages, ...place }).outcome();
      const { store } = place;
      return done.ok
        ? { store, point: done.value.point }
        : { store, problem: problemOf(done.error) };
    }),
  );
  await tell(name, options, points);
  return { points };
}
