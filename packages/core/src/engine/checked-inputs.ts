import type { InputCheck } from '../definition/definition.ts';
import type { Outcome } from '../model/outcome.ts';
import { toFailure } from '../serial/failure-codec.ts';
import { failed } from './outcomes.ts';
import { perform } from './perform.ts';
import type { Performance } from './performance.ts';

/** Executes a run whose definition checks its arguments first; one whose arguments are refused fails without an attempt. */
export async function performChecked(
  run: Performance,
  check: InputCheck,
): Promise<Outcome<unknown>> {
  const { execution, handle, dependsOn } = run;
  let args: readonly unknown[];
  try {
    args = await check(run.args);
  } catch (error) {
    const failure = toFailure(error, execution.engine.scrubber.scrub);
    await handle.apply({ type: 'fail', error: failure }, { dependsOn: dependsOn ?? [] });
    return failed('FAILED', error as Error);
  }
  return perform({ ...run, args });
}
