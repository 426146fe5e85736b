import { memoryRunStore } from '../../src/store/memory/memory-run-store.ts';
import { runStoreSuite } from '../../src/testing/run-store-suite.ts';

runStoreSuite('memoryRunStore', async () => {
  const store = memoryRunStore();
  await store.open();
  return { store, close: () => store.close() };
});
