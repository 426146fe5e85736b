import type { Definition } from '../definition/definition.ts';
import { cancelled } from '../errors/errors.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { RunId } from '../model/ids.ts';
import type { Failure } from '../model/failure.ts';
import type { FlowRun, Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import { fromFailure } from '../serial/failure-codec.ts';
import type { Lease, OpenRun } from '../store/run-store.ts';
import { executedBy } from './code-version.ts';
import type { EngineCore } from './engine-core.ts';
import { Execution } from './execution.ts';
import type { HookLeft } from './flow-handle.ts';
import { crashedWith, endOpenBelow } from './left-runs.ts';
import { tellOfRecovery } from './notes/run-logger.ts';
import { isUntouched, refusalOf, resumptionOf, tellOfVersion } from './resumption.ts';
import { RootRun } from './root-run.ts';
import { RunHandle } from './run-handle.ts';
import { underVersion } from './run-version.ts';
import { killChildrenOf, remember } from './remember.ts';
import { waitsUntil } from './waiting/due.ts';

/** What became of one run that was found open; `hooksLeft` are due and cannot be delivered by this engine. */
export type Recovered =
  | { readonly kind: 'resumed'; readonly root: RootRun; readonly hooksLeft: readonly HookLeft[] }
  | { readonly kind: 'ended'; readonly hooksLeft: readonly HookLeft[] }
  | {
      readonly kind: 'waiting';
      readonly run: FlowRun;
      /** When it is to be looked at again, in epoch milliseconds; Infinity while nothing is known that wakes it. */
      readonly until: number;
      readonly hooksLeft: readonly HookLeft[];
    }
  | { readonly kind: 'held-elsewhere' }
  | { readonly kind: 'unknown' };

/**
 * Takes the lease of a run, if it is free or its holder is certainly dead.
 *
 * @param known the lease in force, as far as it was read
 */
export async function takeLease(
  engine: EngineCore,
  rootId: RunId,
  known?: Lease,
): Promise<Execution | undefined> {
  const { leases, store, clock } = engine;
  const deadLease = known && leases.deadLease(known);
  const grant = await store.acquireLease({
    rootId,
    ...leases.terms,
    now: clock.now(),
    ...(deadLease === undefined ? {} : { deadLease }),
  });
  if (!grant.granted) return undefined;
  const execution = new Execution(engine, { rootId, epoch: grant.lease.epoch });
  leases.keep(execution);
  return execution;
}

/**
 * Rolls back what is still open in transactions of a run whose code executes no more, and does what is left to do of those
 * that were decided.
 *
 * @returns hooks of definitions that this engine does not know
 */
export async function settleTransactions(
  execution: Execution,
  root: Run,
  error?: Error,
): Promise<readonly HookLeft[]> {
  return execution.hasTransactions ? execution.transactions.settle(root, error) : [];
}

/** The run is over: its hooks are delivered, as far as their definitions are known here. */
async function finish(
  execution: Execution,
  hooksLeft: readonly HookLeft[],
): Promise<Recovered & { readonly kind: 'ended' }> {
  await execution.hooks.settled();
  await execution.engine.leases.release(execution);
  return { kind: 'ended', hooksLeft };
}

async function endCancelled(
  execution: Execution,
  handle: RunHandle,
  reason: string,
): Promise<readonly HookLeft[]> {
  const { id, name } = handle.run;
  const left = await settleTransactions(execution, handle.run, cancelled(`'${name}'`, reason));
  await endOpenBelow(execution, id, { type: 'cancelled', reason });
  if (handle.state.type === 'RUNNING' || handle.state.type === 'PAUSED') {
    handle.stage({ type: 'requestCancel', reason });
  }
  if (!isTerminal(handle.state)) handle.stage({ type: 'cancelled', reason });
  await handle.commit();
  return left;
}

/** Counts the recovery; ends the run where rules say so. What is open below it ends first. */
async function interrupted(
  execution: Execution,
  handle: RunHandle,
  { maxRecoveries }: Definition,
): Promise<readonly HookLeft[]> {
  const { type } = handle.state;
  // What it waited for is there: it goes on, and that is no crash.
  if (type === 'PAUSED') {
    await handle.apply({ type: 'interrupt', crashed: false });
    return [];
  }
  if (type !== 'RUNNING' && type !== 'CANCELLING') return [];
  const state = handle.stage({ type: 'interrupt', crashed: true }, { maxRecoveries });
  const { id, name } = handle.run;
  const left = isTerminal(state) ? await settleTransactions(execution, handle.run) : [];
  if (state.type === 'CRASHED') await endOpenBelow(execution, id, crashedWith(name, state.error));
  if (state.type === 'CANCELLED') {
    await endOpenBelow(execution, id, { type: 'cancelled', reason: state.reason });
  }
  await handle.commit();
  return left;
}

/** Its process died just when the run had paused: what that process left is cleared away, and the run waits on. */
async function leaveWaiting(execution: Execution, run: FlowRun, until: number): Promise<Recovered> {
  await killChildrenOf(execution);
  const { hooksLeft } = await finish(execution, await remember(execution, run));
  return { kind: 'waiting', run, until, hooksLeft };
}

/** The arguments of a run as its function gets them. Throws what says that this engine cannot give them. */
export async function argumentsOf(
  engine: EngineCore,
  definition: Definition,
  run: FlowRun,
): Promise<readonly unknown[]> {
  const given = engine.codec.decode(run.inputs);
  if (Array.isArray(given)) return (await definition.checkInput?.(given)) ?? given;
  throw new HoldfastError(
    'INPUT_NOT_KEPT',
    `The arguments of '${run.name}' (${run.id}) were not kept, so it cannot be taken up.`,
    { hint: 'Pass plain data, or use a durable store, which refuses the rest.', retryable: false },
  );
}

/** Ends a run that may not be taken up again, and what is open below it. */
async function endRefused(
  execution: Execution,
  handle: RunHandle,
  error: Failure,
): Promise<readonly HookLeft[]> {
  const { id, name } = handle.run;
  const left = await settleTransactions(execution, handle.run, fromFailure(error));
  await endOpenBelow(execution, id, crashedWith(name, error));
  await handle.apply({ type: 'refuseRecovery', error });
  return left;
}

/** Goes on with a run whose lease was taken: starts it, takes it up, or ends it. Throws what keeps this engine from it. */
export async function takeUp(
  execution: Execution,
  open: OpenRun,
  run: FlowRun,
  definition: Definition,
): Promise<Recovered> {
  const { engine } = execution;
  const { cancelReason } = open;
  const resumption = await resumptionOf(engine, run, open);
  const known = underVersion(run, definition);
  const goesOn = executedBy(known, engine.version, engine.clock.now());
  const cancels = cancelReason !== undefined || run.state.type === 'CANCELLING';
  // Before anything is changed: an engine that cannot call the flow leaves its run to one that can.
  const refusal = cancels ? undefined : refusalOf(engine, definition, resumption);
  const ends = cancels || refusal !== undefined;
  const args = ends ? [] : await argumentsOf(engine, definition, run);
  await killChildrenOf(execution);
  const hooksLeft = await remember(execution, run);
  execution.resumption = resumption;
  const handle = RunHandle.read(execution, ends ? run : goesOn, definition);
  if (cancelReason !== undefined) {
    hooksLeft.push(...(await endCancelled(execution, handle, cancelReason)));
  } else if (refusal !== undefined) {
    hooksLeft.push(...(await endRefused(execution, handle, refusal)));
  } else hooksLeft.push(...(await interrupted(execution, handle, definition)));
  if (isTerminal(handle.state)) return finish(execution, hooksLeft);
  tellOfVersion(engine, run, resumption);
  if (!isUntouched(run))
    tellOfRecovery(execution, handle, run.recoveries, definition.maxRecoveries);
  // Somebody may have asked for a cancel while nobody held it.
  if (run.state.type === 'PAUSED') await engine.leases.check(execution);
  return { kind: 'resumed', root: RootRun.resume(execution, handle, definition, args), hooksLeft };
}

/**
 * Takes up one run that an earlier process has left, if nobody else has it: ends its leftover children,
 * replays what it had done, and goes on. One that is paused is left alone until it may go on.
 *
 * @param headStart see `waitsUntil`
 * @throws what keeps this engine from taking it up; the run is as it was then, and its lease free
 */
export async function recoverRun(
  engine: EngineCore,
  open: OpenRun,
  headStart: boolean,
): Promise<Recovered> {
  const definition = engine.definitions.get('flow', open.run.name);
  if (definition === undefined) return { kind: 'unknown' };
  if (open.lease.holder === '') {
    const until = await waitsUntil(engine, open, headStart);
    if (until !== undefined) return { kind: 'waiting', run: open.run, until, hooksLeft: [] };
  }
  const execution = await takeLease(engine, open.run.id, open.lease);
  if (execution === undefined) return { kind: 'held-elsewhere' };
  try {
    const run = await engine.store.run(open.run.id);
    if (run?.kind !== 'flow') return await finish(execution, []);
    if (isTerminal(run.state)) {
      const left = await remember(execution, run);
      left.push(...(await settleTransactions(execution, run)));
      return await finish(execution, left);
    }
    const until = await waitsUntil(engine, { ...open, run }, headStart);
    if (until !== undefined) return await leaveWaiting(execution, run, until);
    return await takeUp(execution, open, run, definition);
  } catch (error) {
    await engine.leases.release(execution).catch(() => undefined);
    throw error;
  }
}
