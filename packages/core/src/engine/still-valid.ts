import type { RunId } from '../model/ids.ts';
import type { Dependency, Run } from '../model/run.ts';
import { standsAsItIs } from '../rules/replay.ts';
import type { Call } from './call.ts';
import { outcomeOf } from './outcomes.ts';
import type { Performance } from './performance.ts';

/** Whether a definition says that a stored result of its still counts. */
export async function saysStillValid(
  { definition, execution }: Pick<Performance, 'definition' | 'execution'>,
  runId: RunId,
  value: unknown,
): Promise<boolean> {
  if (definition.stillValid === undefined) return true;
  try {
    return (await Reflect.apply(definition.stillValid, definition.self, [value])) === true;
  } catch (error) {
    const { logger } = execution.engine;
    logger.warn({ runId, err: error }, 'stillValid threw: the result is made anew');
    return false;
  }
}

async function isValid({ scope, definition }: Call, run: Run): Promise<boolean> {
  const { execution } = scope;
  try {
    const outcome = await outcomeOf(execution.engine, run);
    if (outcome?.ok !== true) return true;
    return await saysStillValid({ definition, execution }, run.id, outcome.value);
  } catch (error) {
    const facts = { runId: run.id, err: error };
    execution.engine.logger.warn(facts, 'a stored result cannot be read: it is made anew');
    return false;
  }
}

/** Asks a task whether a result that an earlier process has stored still counts; tells, and records, where it does not. */
async function stillCounts(call: Call, run: Run): Promise<boolean> {
  const { execution } = call.scope;
  // Asked once; what this process has made is not asked about.
  if (!execution.inherited.delete(run.id) || (await isValid(call, run))) return true;
  execution.recordedValue(run.id, String(run.generation), 'still-valid', () => 'no');
  execution.engine.events.emit('warning', {
    code: 'RESULT_OUTDATED',
    message: `The stored result of '${run.name}' no longer counts: it is executed again.`,
    runId: run.id,
  });
  return false;
}

/** Whether what an earlier process or try left of a call is given again, instead of executing it. */
export function isGivenAgain(
  call: Call,
  known: Run,
  dependsOn: readonly Dependency[],
): boolean | Promise<boolean> {
  if (!standsAsItIs(known, dependsOn, call.scope.tryName)) return false;
  return call.definition.stillValid === undefined || stillCounts(call, known);
}
