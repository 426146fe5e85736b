import { cancelled, reasonOf } from '../errors/errors.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Dependency } from '../model/run.ts';
import type { TerminalState } from '../model/state.ts';
import { toFailure } from '../serial/failure-codec.ts';
import type { Call } from './call.ts';
import { keepableText } from './engine-core.ts';
import { failed, failureOf, skippedBy } from './outcomes.ts';
import { isElsewhere } from '../model/queued-run.ts';
import type { RunHandle } from './run-handle.ts';
import type { Scope } from './scope.ts';
import { crashedWith, endElsewhere, endOpenBelow } from './left-runs.ts';

/** Writes that rules have ended a run which a process had left: what is open below it ends first. */
export async function endRefused(
  { execution }: Pick<Scope, 'execution'>,
  handle: RunHandle,
  state: TerminalState,
): Promise<Outcome<unknown>> {
  const { run } = handle;
  const ending =
    state.type === 'CRASHED'
      ? crashedWith(run.name, state.error)
      : ({ type: 'cancelled', reason: `'${run.name}' was cancelled` } as const);
  const outcome = failureOf(state, run.name);
  if (execution.hasTransactions) {
    await execution.transactions.rollBackLeftBy(run, outcome.error);
  }
  await endOpenBelow(execution, run.id, ending);
  await handle.commit();
  return outcome;
}

/** Whether an earlier process has put it on its queue: others may have claimed it since. */
function isUnderWayElsewhere({ run, written }: RunHandle): boolean {
  return isElsewhere(run) && written === run.version;
}

/** Writes that a run was skipped, because what it needs did not complete. */
export async function skip(
  { execution }: Scope,
  handle: RunHandle,
  dependsOn: readonly Dependency[],
  upstream: Error,
): Promise<Outcome<unknown>> {
  const outcome = skippedBy(execution.engine, handle.run, upstream);
  const { message: reason } = outcome.error;
  const event = { type: 'skip', name: 'UpstreamFailed', reason } as const;
  if (isUnderWayElsewhere(handle)) await endElsewhere(execution, handle.run, event);
  else await handle.apply(event, { dependsOn });
  return outcome;
}

/** Fails a run whose arguments cannot be taken, where there is a record of it. */
export async function refuse(
  { execution }: Scope,
  handle: RunHandle | undefined,
  error: Error,
): Promise<Outcome<unknown>> {
  const event = { type: 'fail', error: toFailure(error) } as const;
  if (handle !== undefined && isUnderWayElsewhere(handle)) {
    await endElsewhere(execution, handle.run, event);
  } else await handle?.apply(event);
  return failed('FAILED', error);
}

/** Told to stop before there was anything to record. */
export function cancelledUnstarted({ definition, scope }: Call, why: Error): Outcome<unknown> {
  const reason = keepableText(scope.execution.engine, reasonOf(why));
  return failed('CANCELLED', cancelled(`'${definition.name}'`, reason));
}
