/** Adds to a run's attempts as often as it is told, by compare and set, against whoever else does so. */
import { advanced, RUNNING, sampleId, update } from '@holdfast/core/testing';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const [path = '', times = '0'] = process.argv.slice(2);
const store = sqliteRunStore(path);
await store.open();
const fence = { rootId: sampleId(1), epoch: 1 };

for (let done = 0; done < Number(times);) {
  const run = await store.run(fence.rootId);
  if (run === undefined) throw new Error('The run is gone');
  const more = advanced(run, RUNNING, { attempts: run.attempts + 1 });
  const [outcome] = await store.commit([update(more, { fence })], 'process');
  if (outcome?.ok === true) done++;
}
await store.close();
