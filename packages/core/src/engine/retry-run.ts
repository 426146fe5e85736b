import type { Definition } from '../definition/definition.ts';
import { flowUnknown, notTopLevel, runHeld, runNotEnded, runUnknown } from '../errors/errors.ts';
import type { RunId } from '../model/ids.ts';
import type { FlowRun } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import { boundsFor } from '../policies/deadline.ts';
import { executedBy } from './code-version.ts';
import type { EngineCore } from './engine-core.ts';
import { argumentsOf, settleTransactions, takeLease } from './recovery.ts';
import { remember } from './remember.ts';
import { RootRun } from './root-run.ts';
import { RunHandle } from './run-handle.ts';
import { underVersion } from './run-version.ts';

async function endedRun(engine: EngineCore, id: RunId): Promise<FlowRun> {
  const run = await engine.store.run(id);
  if (run === undefined) throw runUnknown(id);
  if (run.kind !== 'flow' || run.rootId !== id) throw notTopLevel(run.name, id);
  if (!isTerminal(run.state)) throw runNotEnded(run.name, id);
  return run;
}

function definitionOf(engine: EngineCore, { name }: FlowRun): Definition {
  const definition = engine.definitions.get('flow', name);
  if (definition === undefined) throw flowUnknown(name);
  return definition;
}

/**
 * Runs an ended flow run again, as its next generation: what had completed below it stands, everything else is
 * executed again, and so is what took it as input.
 *
 * @throws `RUN_UNKNOWN`, `NOT_TOP_LEVEL`, `RUN_NOT_ENDED`, `FLOW_UNKNOWN`, `RUN_HELD`
 */
export async function retryRun(engine: EngineCore, id: RunId): Promise<RootRun> {
  const definition = definitionOf(engine, await endedRun(engine, id));
  const execution = await takeLease(engine, id);
  if (execution === undefined) throw runHeld(id);
  try {
    // Whoever held it until now may have run it again.
    const run = await endedRun(engine, id);
    const args = await argumentsOf(engine, definition, run);
    await remember(execution, run);
    await settleTransactions(execution, run);
    const known = underVersion(run, definition);
    const goesOn = executedBy(known, engine.version, engine.clock.now());
    const handle = RunHandle.read(execution, goesOn, definition);
    handle.stage({ type: 'again' }, boundsFor(definition, engine.clock.now()));
    await handle.commit();
    return RootRun.resume(execution, handle, definition, args);
  } catch (error) {
    await engine.leases.release(execution).catch(() => undefined);
    throw error;
  }
}
