import type { Claim } from '../../store/claims.ts';
import type { EngineCore } from '../engine-core.ts';
import { Execution } from '../execution.ts';
import { takeUp, type Recovered } from '../recovery.ts';
import { QueuedTask } from './queued-task.ts';

/**
 * Executes a flow run that was claimed: starts it, or takes it up where somebody had begun it.
 *
 * @throws what keeps this engine from it; its lease is given back then, so that others need not wait
 */
export async function takeClaim(engine: EngineCore, claim: Claim): Promise<Recovered> {
  const { run, lease } = claim;
  const definition = engine.definitions.get(run.kind, run.name);
  const execution = new Execution(engine, { rootId: lease.rootId, epoch: lease.epoch });
  if (definition === undefined || run.kind !== 'flow') {
    await engine.leases.release(execution);
    return { kind: 'unknown' };
  }
  engine.leases.keep(execution);
  try {
    return await takeUp(execution, { ...claim, run }, run, definition);
  } catch (error) {
    await engine.leases.release(execution);
    throw error;
  }
}

/**
 * Executes a task run that was claimed. Undefined where it is none that this engine knows, or it ends without its function.
 *
 * @param execution has its lease
 * @throws what keeps this engine from it; its lease is given back then, so that others need not wait
 */
export async function takeTask(
  execution: Execution,
  { run, cancelReason }: Pick<Claim, 'run' | 'cancelReason'>,
): Promise<QueuedTask | undefined> {
  const { leases, definitions } = execution.engine;
  const definition = definitions.get(run.kind, run.name);
  try {
    if (definition !== undefined && run.kind === 'task') {
      return await QueuedTask.take(execution, run, definition, cancelReason);
    }
  } catch (error) {
    await leases.release(execution);
    throw error;
  }
  await leases.release(execution);
  return undefined;
}
