import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import type { Execution } from './execution.ts';
import { RunHandle } from './run-handle.ts';
import type { Scope } from './scope.ts';

/** Ends a run that nobody will take up again, because the code that had started it no longer does. */
async function endRun(execution: Execution, run: Run, reason: string): Promise<void> {
  const handle = RunHandle.read(execution, run);
  const { type } = run.state;
  if (type === 'RUNNING' || type === 'CANCELLING' || type === 'PAUSED') {
    handle.stage({ type: 'interrupt', crashed: false });
  }
  if (!isTerminal(handle.state)) handle.stage({ type: 'skip', name: 'NotNeeded', reason });
  await handle.commit();
}

/** Ends every open run below a parent that its code did not reach, and below those. */
export async function settleOpenBelow(
  execution: Execution,
  parentId: RunId,
  reason: string,
): Promise<void> {
  for (const run of execution.unreached(parentId)) {
    if (!isTerminal(run.state)) await endRun(execution, run, reason);
    await settleOpenBelow(execution, run.id, reason);
  }
}

/**
 * Settles what an earlier process had started under a run and its resumed code did not ask for: open runs
 * are skipped as not needed; completed ones are told of, since their effects stand without a reader.
 */
export async function settleUnreached(scope: Scope): Promise<void> {
  const { execution, run } = scope;
  const completed = execution
    .unreached(run.id)
    .filter((child) => child.state.type === 'COMPLETED' && child.generation === 1);
  if (completed.length > 0) {
    const names = [...new Set(completed.map((child) => child.name))].join(', ');
    execution.engine.events.emit('warning', {
      code: 'RESUME_UNREACHED',
      message: `'${run.name}' was resumed and ended without ${completed.length} task(s) that it had completed before: ${names}.`,
      runId: run.id,
    });
  }
  await settleOpenBelow(execution, run.id, `'${run.name}' was resumed and did not need it`);
}
