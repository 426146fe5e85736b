import type { InputCheck } from '../definition/definition.ts';
import { boundOf } from '../model/bounds.ts';
import type { Outcome } from '../model/outcome.ts';
import { toFailure } from '../serial/failure-codec.ts';
import type { Group } from './group.ts';
import { failed } from './outcomes.ts';
import { perform } from './perform.ts';
import { performElsewhere } from './queues/elsewhere.ts';
import { isElsewhere } from '../model/queued-run.ts';
import type { Performance } from './performance.ts';
import { withinBound } from './time/watch.ts';

/** One whose arguments are refused fails without an attempt. */
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
  return perform({ ...run, args, given: run.args });
}

/** Its arguments are checked once the group around its call has a place for it. */
function performAdmitted(run: Performance, group: Group | undefined): Promise<Outcome<unknown>> {
  const elsewhere = isElsewhere(run.handle.run);
  if (run.cancellation.reason !== undefined)
    return elsewhere ? performElsewhere(run) : perform(run);
  const { checkInput } = run.definition;
  if (group === undefined) {
    if (elsewhere) return performElsewhere(run);
    return checkInput === undefined ? perform(run) : performChecked(run, checkInput);
  }
  return group.admit(run, () => performAdmitted(run, undefined));
}

/** Executes a run that code has called, within what bounds its time, and under the limit of the group around its call. */
export function performCall(run: Performance, group: Group | undefined): Promise<Outcome<unknown>> {
  const { execution, handle, cancellation } = run;
  const own = boundOf(handle.run);
  if (own === undefined) return performAdmitted(run, group);
  return withinBound(execution.clock, own, cancellation, () => performAdmitted(run, group));
}

/**
 * Executes a run that an earlier process or try has left. Where it ends without its code, what that had left open in
 * transactions is rolled back.
 */
export async function performKnown(
  run: Performance,
  group: Group | undefined,
): Promise<Outcome<unknown>> {
  const outcome = await performCall(run, group);
  const { execution, handle } = run;
  if (!outcome.ok && execution.hasTransactions && execution.abandoned === undefined) {
    await execution.transactions.rollBackLeftBy(handle.run, outcome.error);
  }
  return outcome;
}
