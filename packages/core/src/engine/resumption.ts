import type { Definition } from '../definition/definition.ts';
import type { Failure } from '../model/failure.ts';
import type { FlowRun, Run } from '../model/run.ts';
import { isTerminal, type EpochMs } from '../model/state.ts';
import { isOtherVersion, resumeRefusal, versionText, type Resumption } from '../policies/resume.ts';
import type { OpenRun } from '../store/run-store.ts';
import { versionIn } from './code-version.ts';
import type { EngineCore } from './engine-core.ts';
import type { Execution } from './execution.ts';
import { goesOnAt } from './waiting/due.ts';

/** The last sign of life in the records of a run and of all below it. */
async function lastSign({ store }: EngineCore, root: FlowRun): Promise<EpochMs> {
  const [history, below] = await Promise.all([store.history(root.id), store.below(root.id)]);
  const steps = history.map(({ at }) => at);
  const signs = below.flatMap(({ createdAt, startedAt, endedAt }) =>
    Math.max(createdAt, startedAt ?? 0, endedAt ?? 0),
  );
  return signs.reduce((latest, at) => Math.max(latest, at), steps.at(-1) ?? root.createdAt);
}

/** Whether nobody has begun to execute a run yet: it waits on its queue. */
export function isUntouched({ state }: FlowRun): boolean {
  return state.name === 'Scheduled';
}

/**
 * Since when nobody has gone on with a run: when its engine was stopped, when what it waited for was there, when its
 * lease was last renewed, or else the last thing that was written.
 */
async function idleSince(engine: EngineCore, run: FlowRun, { lease }: OpenRun): Promise<EpochMs> {
  const { state } = run;
  // It was not interrupted: it has only waited.
  if (isUntouched(run)) return engine.clock.now();
  if (state.type === 'PAUSED') return Math.min(await goesOnAt(engine, run), engine.clock.now());
  if (state.name === 'AwaitingRecovery') return state.dueAt;
  if (lease.holder !== '') return lease.expiresAt - engine.leases.terms.ttl;
  return lastSign(engine, run);
}

/** What is known of a run that is about to be taken up again. */
export async function resumptionOf(
  engine: EngineCore,
  run: FlowRun,
  open: OpenRun,
): Promise<Resumption> {
  const since = await idleSince(engine, run, open);
  return { since, before: versionIn(run), now: engine.version };
}

/** Why a flow may not be taken up again; undefined when it may. */
export function refusalOf(
  engine: EngineCore,
  { name, resume }: Definition,
  resumption: Resumption,
): Failure | undefined {
  return resumeRefusal(resume, resumption, { name, at: engine.clock.now() });
}

/** Why a subflow may not be taken up again with the run above it; undefined when it may, or nothing was taken up. */
export function refusalBelow(
  { engine, resumption }: Execution,
  definition: Definition,
  known: Run,
): Failure | undefined {
  const { state } = known;
  if (resumption === undefined || known.kind !== 'flow') return undefined;
  if (isTerminal(state) || state.type === 'CANCELLING') return undefined;
  // What sleeps was not interrupted before its time.
  const asleep = state.type === 'PAUSED' ? (state.until ?? engine.clock.now()) : 0;
  const since = Math.max(resumption.since, asleep);
  return refusalOf(engine, definition, { ...resumption, since });
}

/** Tells that a run goes on under another version of the code than it had. */
export function tellOfVersion(
  { events }: EngineCore,
  run: FlowRun,
  { before, now }: Resumption,
): void {
  if (!isOtherVersion(before, now)) return;
  events.emit('warning', {
    code: 'VERSION_CHANGED',
    message: `'${run.name}' goes on under another version of the code: ${versionText(now)}, before ${versionText(before)}.`,
    runId: run.id,
  });
}
