import type { Failure } from '../model/failure.ts';
import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import type { RunEvent } from '../model/run-event.ts';
import { isTerminal } from '../model/state.ts';
import { keepableText, type EngineCore } from './engine-core.ts';
import { Execution } from './execution.ts';
import { isElsewhere } from '../model/queued-run.ts';
import { isBegun } from './queues/place.ts';
import { rememberClaimed } from './remember.ts';
import { RunHandle } from './run-handle.ts';
import { Wakeup } from './waiting/wakeup.ts';

/** How runs end that nobody will take up again: alike, or each in its own way. */
export type LeftEnding = RunEvent | ((run: Run) => RunEvent);

/** How long it takes at most, in milliseconds, until it is noticed that a lease has come free. */
const LOOK_AGAIN = 1000;

function endingOf(run: Run, ending: LeftEnding): RunEvent {
  return typeof ending === 'function' ? ending(run) : ending;
}

/** Ends a run that nobody will take up again, because the code that had started it no longer does. */
async function endRun(execution: Execution, run: Run, ending: LeftEnding): Promise<Run> {
  const handle = RunHandle.read(execution, run);
  const { type } = run.state;
  if (execution.hasTransactions) {
    await execution.transactions.rollBackLeftBy(run);
  }
  if (type === 'RUNNING' || type === 'CANCELLING' || type === 'PAUSED') {
    handle.stage({ type: 'interrupt', crashed: false });
  }
  if (!isTerminal(handle.state)) handle.stage(endingOf(run, ending));
  await handle.commit();
  return handle.run;
}

/** Ends every open run that is left below a parent, the lowest first: a run ends only when everything below it has. */
export async function endOpenBelow(
  execution: Execution,
  parentId: RunId,
  ending: LeftEnding,
): Promise<void> {
  for (const run of execution.remembered.takeRest(parentId)) {
    if (isElsewhere(run)) {
      if (!isTerminal(run.state)) await endElsewhere(execution, run, ending);
      continue;
    }
    await endOpenBelow(execution, run.id, ending);
    if (!isTerminal(run.state)) await endRun(execution, run, ending);
  }
}

/** How runs end below one that was refused its recovery. */
export function crashedWith(name: string, error: Failure): RunEvent {
  return {
    type: 'refuseRecovery',
    error: {
      name: 'HoldfastError',
      code: 'PARENT_CRASHED',
      message: `'${name}', which had started it, was not taken up again.`,
      retryable: false,
      cause: error,
    },
  };
}

/** Takes the lease of a run on a queue, where nobody has it, or who has it is dead; undefined where somebody works on it. */
export async function takeClaimOf(engine: EngineCore, run: Run): Promise<Execution | undefined> {
  const { store, leases, clock } = engine;
  const request = { rootId: run.rootId, runId: run.id, ...leases.terms, now: clock.now() };
  let { granted, lease } = await store.acquireLease(request);
  const deadLease = granted ? undefined : leases.deadLease(lease);
  if (deadLease !== undefined) {
    ({ granted, lease } = await store.acquireLease({ ...request, deadLease }));
  }
  if (!granted) return undefined;
  const execution = new Execution(engine, { ...request, epoch: lease.epoch });
  leases.keep(execution);
  return execution;
}

/** Ends a run on a queue, and what is below it, under its own lease. Gives how it ended, perhaps otherwise meanwhile. */
export async function endClaimed(claimed: Execution, run: Run, ending: LeftEnding): Promise<Run> {
  const { store, leases } = claimed.engine;
  try {
    const now = (await store.run(run.id)) ?? run;
    if (isTerminal(now.state)) return now;
    if (isBegun(now)) await rememberClaimed(claimed, now);
    await endOpenBelow(claimed, run.id, ending);
    const ended = await endRun(claimed, now, ending);
    await claimed.hooks.settled();
    return ended;
  } finally {
    await leases.release(claimed);
  }
}

function reasonIn(event: RunEvent): string {
  if ('reason' in event) return event.reason;
  return 'error' in event ? event.error.message : event.type;
}

/**
 * Ends a run that waits on a queue, or that somebody has claimed: in the first case at once, in the second it is asked to
 * stop and waited for, until it has ended or its lease has.
 *
 * @param askAfter how long who has claimed it may end it by itself, in milliseconds
 * @returns how it ended: if its function was faster, that is told
 * @throws why the execution is abandoned meanwhile, and what the store throws
 */
export async function endElsewhere(
  execution: Execution,
  run: Run,
  ending: LeftEnding,
  askAfter = 0,
): Promise<Run> {
  const { engine, clock } = execution;
  const { rootId, id: runId } = run;
  const news = new Wakeup();
  const stopWatching = await engine.store.watch({ runs: [runId] }, news.tell);
  const askAt = clock.now() + askAfter;
  const reason = keepableText(engine, reasonIn(endingOf(run, ending)));
  const { signal } = new AbortController();
  let asked = false;
  try {
    for (;;) {
      const now = await engine.store.run(runId);
      if (now === undefined || isTerminal(now.state)) return now ?? run;
      const claimed = await takeClaimOf(engine, now);
      if (claimed !== undefined) return await endClaimed(claimed, now, ending);
      if (!asked && clock.now() >= askAt) {
        asked = true;
        await engine.writer.write({ kind: 'cancel-request', rootId, runId, reason }, 'machine');
      }
      await news.sleep(clock, LOOK_AGAIN, signal);
      if (execution.abandoned !== undefined) throw execution.abandoned;
    }
  } finally {
    stopWatching();
  }
}
