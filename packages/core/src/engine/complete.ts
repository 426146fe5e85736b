import type { JsonValue } from '../model/json.ts';
import type { Outcome } from '../model/outcome.ts';
import type { StoredValue } from '../model/state.ts';
import type { Admission } from './admission/admission.ts';
import type { Performance } from './performance.ts';
import { keptResult } from './results/keep-result.ts';
import type { WithoutValue } from './retried.ts';
import type { RunHandle } from './run-handle.ts';
import { refuseSecrets } from './stored-value.ts';

/** An attempt that has given a value. */
export interface GivenValue {
  readonly run: Performance;
  readonly value: unknown;
  /** How many of the tasks that it had started ended otherwise than well. */
  readonly failedTasks: number;
  readonly admission: Admission | undefined;
}

/** An attempt may end while its code still waits for something that it no longer needs. */
export function goOn(handle: RunHandle): void {
  if (handle.state.type === 'PAUSED') handle.stage({ type: 'resume' });
}

function unkept({ run }: GivenValue, error: unknown): WithoutValue {
  const { reason } = run.cancellation;
  return reason !== undefined && error === reason
    ? { kind: 'aborted', reason }
    : { kind: 'threw', error };
}

function record(
  { run, value, failedTasks, admission }: GivenValue,
  inline: JsonValue,
  result: StoredValue,
): Promise<Outcome<unknown>> {
  const { execution, handle } = run;
  goOn(handle);
  const failed = failedTasks === 0 ? {} : { failedTasks };
  const committed = handle.apply({ type: 'complete', result, ...failed });
  admission?.completing(result);
  const primitive = typeof value !== 'object' || value === null;
  return committed.then(() => ({
    ok: true,
    value: primitive ? value : execution.engine.codec.decode(inline),
    state: 'COMPLETED',
  }));
}

/** Records a value as the outcome of a run, as a resume would give it back; one that cannot be kept is none. */
export function complete(
  given: GivenValue,
): Promise<Outcome<unknown> | WithoutValue> | WithoutValue {
  const { run, value } = given;
  const { engine } = run.execution;
  let inline: JsonValue;
  let kept: StoredValue | Promise<StoredValue>;
  try {
    inline = engine.codec.encode(value);
    refuseSecrets(engine, inline, `What '${run.handle.run.name}' returned`);
    kept = keptResult(run, inline);
  } catch (error) {
    return unkept(given, error);
  }
  if (!(kept instanceof Promise)) return record(given, inline, kept);
  return kept.then(
    (result) => record(given, inline, result),
    (error: unknown) => unkept(given, error),
  );
}
