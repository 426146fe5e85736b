import type { CheckedSchedule } from '../../definition/schedule.ts';
import type { RunId } from '../../model/ids.ts';
import type { FlowRun, Run } from '../../model/run.ts';
import { isTerminal, isTerminalType, STATE_TYPES, type EpochMs } from '../../model/state.ts';
import type { EngineCore } from '../engine-core.ts';
import type { StartTerms } from '../new-flow-run.ts';

/** What starting the runs of a schedule needs of its engine. */
export interface RunStarter {
  start(schedule: CheckedSchedule, args: readonly unknown[], terms: StartTerms): Promise<unknown>;
  /** Records a run that never starts. */
  skip(
    schedule: CheckedSchedule,
    args: readonly unknown[],
    terms: StartTerms,
    reason: string,
  ): Promise<void>;
  cancel(id: RunId, reason: string): Promise<void>;
}

/** The same text in every process, so that an occurrence is started once. */
function termsOf({ name }: CheckedSchedule, at: EpochMs): StartTerms {
  const time = new Date(at).toISOString();
  return { idempotencyKey: `schedule:${name}:${time}`, scheduled: { schedule: name, at } };
}

const OPEN = STATE_TYPES.filter((type) => !isTerminalType(type));

/** The runs of a schedule that have not ended, also those that wait on a queue. */
async function openRunsOf({ store }: EngineCore, schedule: CheckedSchedule): Promise<Run[]> {
  const { name, queue } = schedule;
  if (queue !== undefined) return [...(await store.runs({ schedule: name, states: OPEN }))];
  return (await store.openRuns()).map(({ run }) => run);
}

/** Those of earlier occurrences: another process may be ahead. */
async function earlierRunsOf(
  engine: EngineCore,
  schedule: CheckedSchedule,
  at: EpochMs,
): Promise<FlowRun[]> {
  const open = await openRunsOf(engine, schedule);
  return open.flatMap((run) => {
    if (run.kind !== 'flow' || isTerminal(run.state) || run.scheduled === undefined) return [];
    const { scheduled } = run;
    return scheduled.schedule === schedule.name && scheduled.at < at ? [run] : [];
  });
}

/**
 * Deals with one occurrence: starts its run, or records that it was skipped; false when it has to wait for the end of
 * a run of an earlier one. May be called again, and by several processes, for the same one.
 *
 * @throws what keeps the run from starting
 */
export async function dealWith(
  engine: EngineCore,
  starter: RunStarter,
  schedule: CheckedSchedule,
  at: EpochMs,
): Promise<boolean> {
  const others = await earlierRunsOf(engine, schedule, at);
  if (others.length > 0 && schedule.overlap !== 'skip') {
    if (schedule.overlap === 'cancelRunning') {
      const reason = `the next run of the schedule '${schedule.name}' was due`;
      await Promise.all(others.map(({ id }) => starter.cancel(id, reason)));
    }
    return false;
  }
  const args = schedule.argsAt(at);
  const terms = termsOf(schedule, at);
  const [other] = others;
  if (other === undefined) await starter.start(schedule, args, terms);
  else {
    const since = new Date(other.scheduled?.at ?? other.createdAt).toISOString();
    await starter.skip(schedule, args, terms, `the run of ${since} (${other.id}) has not ended`);
  }
  return true;
}
