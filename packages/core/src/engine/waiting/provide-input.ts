import { checkValue } from '../../definition/schema-check.ts';
import { inputAlreadyGiven, inputRefused, inputTooLate } from '../../errors/waiting-errors.ts';
import { runUnknown } from '../../errors/errors.ts';
import type { RunId } from '../../model/ids.ts';
import type { JsonValue } from '../../model/json.ts';
import type { Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import { canonicalJson } from '../../serial/canonical.ts';
import type { EngineCore } from '../engine-core.ts';
import { refuseSecrets } from '../stored-value.ts';
import { assertInputName, GivenInputs } from './given-inputs.ts';

async function openRun(engine: EngineCore, id: RunId, name: string): Promise<Run> {
  const run = await engine.store.run(id);
  if (run === undefined) throw runUnknown(id);
  if (isTerminal(run.state)) throw inputTooLate(run, name);
  return run;
}

/** Refuses what does not fit the schema, as far as that is known in this engine. */
async function assertFits(
  engine: EngineCore,
  run: Run,
  name: string,
  value: unknown,
): Promise<void> {
  const schema = engine.desk.schemaOf(run, name);
  if (schema === undefined) return;
  const checked = await checkValue(schema, value);
  if (!checked.ok) throw inputRefused(run, name, checked.problems);
}

function sameJson(a: JsonValue, b: JsonValue): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/**
 * Gives a value to a run that waits for it, or will. The first one stays; the same once more changes nothing.
 *
 * @throws `RUN_UNKNOWN`, `INPUT_TOO_LATE`, `INPUT_REFUSED`, `INPUT_ALREADY_GIVEN`, `NOT_SERIALISABLE`,
 *   `SECRET_IN_VALUE`, `KEY_INVALID`
 */
export async function provideInput(
  engine: EngineCore,
  id: RunId,
  name: string,
  given: unknown,
): Promise<void> {
  const run = await openRun(engine, id, name);
  assertInputName(engine, name, run.name);
  await assertFits(engine, run, name, given);
  const value = engine.codec.encode(given);
  refuseSecrets(engine, value, `The input '${name}' of '${run.name}'`);
  const before = await GivenInputs.read(engine, run);
  const standing = before.standing(name);
  if (standing !== undefined) {
    if (sameJson(standing.value, value)) return;
    throw inputAlreadyGiven(run, name);
  }
  const kept = before.nextName(name);
  if (kept === undefined) {
    throw inputRefused(run, name, ['so many values were refused that no more are kept']);
  }
  const { rootId, generation } = run;
  const at = engine.clock.now();
  const input = { rootId, runId: id, name: kept, generation, value, at };
  const outcome = await engine.writer.write({ kind: 'input', input }, 'machine');
  if (!outcome.ok) throw runUnknown(id);
  // Of several that were given at once, one stays.
  const stayed = (await GivenInputs.read(engine, run)).under(kept);
  engine.desk.arrived(id, name);
  if (stayed === undefined || !sameJson(stayed.value, value)) throw inputAlreadyGiven(run, name);
}
