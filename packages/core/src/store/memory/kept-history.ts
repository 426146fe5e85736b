import type { Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import type { RunWrite } from '../run-store.ts';
import { keptStep, PENDING, RUNNING, type KeptStep } from './copy-records.ts';

/**
 * A run's history as a memory store keeps it. Nearly every run is made, starts, and ends at its first attempt: its
 * record tells all of that, and nothing more is kept ('straight').
 */
export type KeptHistory = readonly KeptStep[] | 'straight';

/** The steps that the record of a run tells, if it went straight. */
function straightSteps({ version, createdAt, startedAt = 0, endedAt = 0, state }: Run): KeptStep[] {
  const steps: KeptStep[] = [
    { generation: 1, version: 1, step: 0, at: createdAt, state: PENDING },
    { generation: 1, version: 2, step: 1, at: startedAt, state: RUNNING },
  ];
  if (version === 3) steps.push({ generation: 1, version: 3, step: 0, at: endedAt, state });
  return steps;
}

/** Whether a step is the one that a straight run has with this version, at this time. */
function isStep(
  entry: RunWrite['history'][number] | undefined,
  version: number,
  step: number,
  at: number | undefined,
): boolean {
  return (
    entry?.generation === 1 && entry.version === version && entry.step === step && entry.at === at
  );
}

/** Whether a write takes a run the straight way: made and started, or ended at its first attempt. */
export function goesStraight({ expectVersion, run, history }: RunWrite): boolean {
  const { generation, attempts, recoveries, version, state } = run;
  if (generation !== 1 || attempts !== 1 || recoveries !== 0) return false;
  const last = history.at(-1);
  if (last?.state !== run.state) return false;
  if (expectVersion === 0) {
    const begun = version === 2 && state.name === 'Running' && history.length === 2;
    const pending = history[0]?.state.name === 'Pending';
    return (
      begun &&
      pending &&
      isStep(history[0], 1, 0, run.createdAt) &&
      isStep(last, 2, 1, run.startedAt)
    );
  }
  const ended = version === 3 && expectVersion === 2 && isTerminal(state) && history.length === 1;
  return ended && isStep(last, 3, 0, run.endedAt);
}

/** The steps of a history, oldest first. */
export function stepsOf(run: Run, history: KeptHistory): readonly KeptStep[] {
  return history === 'straight' ? straightSteps(run) : history;
}

/** Whether the record of a run that went straight tells its first steps as the one before did. */
function goesOn(
  { run, history }: { readonly run: Run; readonly history: KeptHistory },
  kept: Run,
): boolean {
  const same = run.createdAt === kept.createdAt && run.startedAt === kept.startedAt;
  return history === 'straight' && same;
}

/**
 * The history of a run after a write.
 *
 * @param before the run as it was kept; undefined for a new one
 * @param kept the run as it is kept now
 */
export function historyAfter(
  before: { readonly run: Run; readonly history: KeptHistory } | undefined,
  write: RunWrite,
  kept: Run,
): KeptHistory {
  if (goesStraight(write) && (before === undefined || goesOn(before, kept))) return 'straight';
  const earlier = before === undefined ? [] : stepsOf(before.run, before.history);
  const { run, history } = write;
  return earlier.concat(
    history.map((step) => keptStep(step, step.state === run.state ? kept.state : undefined)),
  );
}
