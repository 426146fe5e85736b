import type { Failure } from '../model/failure.ts';
import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import type { RunEvent } from '../model/run-event.ts';
import { isTerminal } from '../model/state.ts';
import type { Execution } from './execution.ts';
import { tellOfRun } from './notes/run-logger.ts';
import { RunHandle } from './run-handle.ts';
import type { Scope } from './scope.ts';

/** How runs end that nobody will take up again: alike, or each in its own way. */
export type LeftEnding = RunEvent | ((run: Run) => RunEvent);

/** Ends a run that nobody will take up again, because the code that had started it no longer does. */
async function endRun(execution: Execution, run: Run, ending: LeftEnding): Promise<void> {
  const handle = RunHandle.read(execution, run);
  const { type } = run.state;
  if (execution.hasTransactions) {
    await execution.transactions.rollBackLeftBy(run);
  }
  if (type === 'RUNNING' || type === 'CANCELLING' || type === 'PAUSED') {
    handle.stage({ type: 'interrupt', crashed: false });
  }
  if (!isTerminal(handle.state)) {
    handle.stage(typeof ending === 'function' ? ending(run) : ending);
  }
  await handle.commit();
}

/** Ends every open run that is left below a parent, the lowest first: a run ends only when everything below it has. */
export async function endOpenBelow(
  execution: Execution,
  parentId: RunId,
  ending: LeftEnding,
): Promise<void> {
  for (const run of execution.remembered.takeRest(parentId)) {
    await endOpenBelow(execution, run.id, ending);
    if (!isTerminal(run.state)) await endRun(execution, run, ending);
  }
}

/** How runs end below one that was refused its recovery. */
export function crashedWith(name: string, error: Failure): RunEvent {
  return {
    type: 'refuseRecovery',
    error: {
      name: 'HoldfastError',
      code: 'PARENT_CRASHED',
      message: `'${name}', which had started it, was not taken up again.`,
      retryable: false,
      cause: error,
    },
  };
}

/**
 * Settles what an earlier process had started under a run and its code did not ask for again: open runs are
 * skipped as not needed; completed ones are told of, since their effects stand without a reader.
 */
export async function settleUnreached(scope: Scope, resumed: boolean): Promise<void> {
  const { execution, run } = scope;
  if (execution.hasTransactions) {
    await execution.transactions.rollBackLeftBy(run);
  }
  const rest = execution.remembered.takeRest(run.id);
  if (rest.length === 0) return;
  const completed = rest.filter(
    (child) =>
      child.state.type === 'COMPLETED' &&
      child.rolledBackAt === undefined &&
      child.parentTry === scope.tryName,
  );
  if (resumed && completed.length > 0) {
    const names = [...new Set(completed.map((child) => child.name))].join(', ');
    const code = 'RESUME_UNREACHED';
    const message = `'${run.name}' was resumed and ended without ${completed.length} task(s) that it had completed before: ${names}.`;
    execution.engine.events.emit('warning', { code, message, runId: run.id });
    tellOfRun(execution, scope.handle, 'warn', message, { code });
  }
  for (const child of rest) execution.remembered.note(child);
  const reason = `'${run.name}' was resumed and did not need it`;
  await endOpenBelow(execution, run.id, { type: 'skip', name: 'NotNeeded', reason });
}
