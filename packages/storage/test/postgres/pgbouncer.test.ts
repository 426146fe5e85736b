import { afterAll, beforeAll, describe } from 'vitest';
import { runStoreSuite } from '@holdfast/core/testing';
import {
  hasPgbouncer,
  PGBOUNCER_NEEDED,
  startPgbouncer,
} from '../../../../test/servers/pgbouncer.ts';
import type { Pgbouncer } from '../../../../test/servers/pgbouncer.ts';
import { isProvided } from '../provided.ts';
import { canRun, databases, postgresHarness } from './scratch.ts';

const hasPooler = isProvided(hasPgbouncer, PGBOUNCER_NEEDED);

describe.runIf(canRun && hasPooler)('behind PgBouncer in transaction mode', () => {
  const kept = databases();
  let pooler: Pgbouncer | undefined;
  beforeAll(async () => {
    pooler = await startPgbouncer(kept.server.port);
  }, 60_000);
  afterAll(() => pooler?.stop());
  let open: ReturnType<typeof postgresHarness> | undefined;
  runStoreSuite('postgresRunStore', () => {
    open ??= postgresHarness(kept, pooler?.url() ?? '', { notifications: false });
    return open();
  });
});
