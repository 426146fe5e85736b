import type { RunId } from '../model/ids.ts';
import type { Execution } from './execution.ts';

/**
 * Ends the children that a dead process had started, before anything starts them again.
 *
 * @param areOurs of which runs
 */
export async function killChildren(
  execution: Execution,
  areOurs: (runId: RunId) => boolean,
): Promise<void> {
  const { store, clock, writer, logger } = execution.engine;
  const children = (await store.children(execution.rootId)).filter((child) => areOurs(child.runId));
  if (children.length === 0) return;
  const { killLeftover } = await import('../process/leftover.ts');
  for (const child of children) {
    const fate = await killLeftover(child, clock);
    if (fate === 'killed') {
      logger.warn(
        { pid: child.pid, command: child.command },
        'a child of a dead process was ended',
      );
    }
    await writer.write({ kind: 'child-ended', child }, 'process');
  }
}
