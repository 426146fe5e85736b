import { isTerminal } from '../model/state.ts';
import { killLeftover } from '../process/index.ts';
import type { OpenRun } from '../store/run-store.ts';
import type { EngineCore } from './engine-core.ts';
import { Execution } from './execution.ts';
import { RootRun } from './root-run.ts';
import { RunHandle } from './run-handle.ts';
import { settleOpenBelow } from './unreached.ts';

/** What became of one run that was found open. */
export type Recovered =
  | { readonly kind: 'resumed'; readonly root: RootRun }
  | { readonly kind: 'ended' }
  | { readonly kind: 'held-elsewhere' }
  | { readonly kind: 'unknown' };

/** Takes the lease of an open run, if it is free or its holder is certainly dead. */
async function takeLease(engine: EngineCore, open: OpenRun): Promise<Execution | undefined> {
  const { leases, store, clock } = engine;
  const deadLease = leases.deadLease(open.lease);
  const grant = await store.acquireLease({
    rootId: open.run.id,
    ...leases.terms,
    now: clock.now(),
    ...(deadLease === undefined ? {} : { deadLease }),
  });
  if (!grant.granted) return undefined;
  return new Execution(engine, { rootId: open.run.id, epoch: grant.lease.epoch });
}

/** Ends the children that the dead process had started, before anything starts them again. */
async function killChildren(execution: Execution): Promise<void> {
  const { store, clock, writer, logger } = execution.engine;
  for (const child of await store.children(execution.rootId)) {
    const fate = await killLeftover(child, clock);
    if (fate === 'killed') {
      logger.warn(
        { pid: child.pid, command: child.command },
        'a child of a dead process was ended',
      );
    }
    await writer.write({ kind: 'child-ended', child }, 'process');
  }
}

/** Reads what the run had done, and delivers the hooks that were due. */
async function remember(execution: Execution): Promise<void> {
  const { store } = execution.engine;
  const [runs, recorded, hooks] = await Promise.all([
    store.below(execution.rootId),
    store.recorded(execution.rootId),
    store.pendingHooks(execution.rootId),
  ]);
  execution.remember({ runs, recorded });
  for (const hook of hooks) execution.deliver(hook);
}

/** An ended run has nothing left but hooks; they are delivered, as far as their definitions are known here. */
async function finish(execution: Execution): Promise<Recovered> {
  await remember(execution);
  await execution.hooksDelivered();
  await execution.engine.leases.release(execution);
  return { kind: 'ended' };
}

async function endCancelled(
  execution: Execution,
  handle: RunHandle,
  reason: string,
): Promise<Recovered> {
  if (handle.state.type === 'RUNNING' || handle.state.type === 'PAUSED') {
    handle.stage({ type: 'requestCancel', reason });
  }
  if (!isTerminal(handle.state)) handle.stage({ type: 'cancelled', reason });
  await handle.commit();
  return end(execution, handle, 'the flow was cancelled');
}

async function end(execution: Execution, handle: RunHandle, reason: string): Promise<Recovered> {
  await settleOpenBelow(execution, handle.run.id, reason);
  await execution.hooksDelivered();
  await execution.engine.leases.release(execution);
  return { kind: 'ended' };
}

/**
 * Takes up one run that an earlier process has left, if nobody else has it: ends its leftover children,
 * replays what it had done, and goes on.
 */
export async function recoverRun(engine: EngineCore, open: OpenRun): Promise<Recovered> {
  const { run } = open;
  const definition = engine.definitions.get('flow', run.name);
  if (definition === undefined) return { kind: 'unknown' };
  const execution = await takeLease(engine, open);
  if (execution === undefined) return { kind: 'held-elsewhere' };
  const fresh = await engine.store.run(run.id);
  if (fresh?.kind !== 'flow' || isTerminal(fresh.state)) return finish(execution);
  await killChildren(execution);
  await remember(execution);
  const version = engine.codeVersion === undefined ? {} : { codeVersion: engine.codeVersion };
  const handle = RunHandle.read(execution, { ...fresh, ...version });
  if (open.cancelReason !== undefined) return endCancelled(execution, handle, open.cancelReason);
  if (handle.state.type === 'RUNNING' || handle.state.type === 'CANCELLING') {
    handle.stage({ type: 'interrupt', crashed: true }, { maxRecoveries: definition.maxRecoveries });
    await handle.commit();
  }
  if (isTerminal(handle.state)) return end(execution, handle, 'the flow was not taken up again');
  const given = engine.codec.decode(fresh.inputs) as readonly unknown[];
  const args = (await definition.checkInput?.(given)) ?? given;
  return { kind: 'resumed', root: RootRun.resume(execution, handle, definition, args) };
}
