import { describe } from 'vitest';
import { runStoreSuite } from '@holdfast/core/testing';
import { canRun, databases, postgresHarness } from './scratch.ts';

describe.runIf(canRun)('with a server of its own', () => {
  const kept = databases();
  let open: ReturnType<typeof postgresHarness> | undefined;
  runStoreSuite('postgresRunStore', () => {
    open ??= postgresHarness(kept, kept.server.url());
    return open();
  });
});
