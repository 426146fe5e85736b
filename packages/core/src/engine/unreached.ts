import type { Scope } from './scope.ts';
import { endOpenBelow } from './left-runs.ts';
import { tellOfRun } from './notes/run-logger.ts';

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
