import type { RunId } from '../../model/ids.ts';
import type { EngineCore } from '../engine-core.ts';

/**
 * Removes what forgotten runs have in the object store; gives how many objects that were. What cannot be removed is told
 * of, and left to `sweepResults`.
 */
export async function removeResults(
  engine: EngineCore,
  rootIds: readonly RunId[],
): Promise<number> {
  const { store, prefix } = engine.results;
  if (store === undefined) return 0;
  let removed = 0;
  for (const rootId of rootIds) {
    try {
      for await (const { key } of store.list(`${prefix}${rootId}/`)) {
        await store.delete(key);
        removed++;
      }
    } catch (error) {
      engine.logger.warn({ runId: rootId, err: error }, 'results of a forgotten run are left');
      engine.events.emit('warning', {
        code: 'RESULTS_LEFT',
        message: `Results of the run ${rootId}, which is forgotten, are left in ${store.url}.`,
        runId: rootId,
      });
    }
  }
  return removed;
}
