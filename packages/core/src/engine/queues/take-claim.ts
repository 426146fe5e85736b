import type { Claim } from '../../store/claims.ts';
import type { EngineCore } from '../engine-core.ts';
import { Execution } from '../execution.ts';
import { takeUp, type Recovered } from '../recovery.ts';

/**
 * Executes a run that was claimed: starts it, or takes it up where somebody had begun it.
 *
 * @throws what keeps this engine from it; its lease is left to expire then, so that it is not claimed again at once
 */
export async function takeClaim(engine: EngineCore, claim: Claim): Promise<Recovered> {
  const { run, lease } = claim;
  const definition = engine.definitions.get(run.kind, run.name);
  if (definition === undefined || run.kind !== 'flow') return { kind: 'unknown' };
  const execution = new Execution(engine, { rootId: lease.rootId, epoch: lease.epoch });
  engine.leases.keep(execution);
  try {
    return await takeUp(execution, { ...claim, run }, run, definition);
  } catch (error) {
    engine.leases.leave(execution);
    throw error;
  }
}
