import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import {
  createBackup,
  type DumpFacts,
  type DumpStream,
  type SampleOption,
  type ServerSource,
  sourceOfKind,
  verifyBackup,
} from '@holdfast/backups';
import { canRun, mysqlRooms } from './rooms.ts';
import { makeShop } from './shop.ts';

async function* once(text: string): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(Buffer.from(text, 'latin1'));
}

/** A source whose dump is changed before anything of it is hashed; its facts are the truth. */
function lying(change: (sql: string) => string): ServerSource {
  const honest = sourceOfKind('mysql') as ServerSource;
  return {
    ...honest,
    async *dump(spec, room): AsyncGenerator<DumpStream, DumpFacts, void> {
      const dump = honest.dump(spec, room);
      const { value } = await dump.next();
      const chunks: Uint8Array[] = [];
      for await (const chunk of (value as DumpStream).bytes ?? []) chunks.push(chunk);
      const sql = Buffer.concat(chunks).toString('latin1');
      const changed = change(sql);
      expect(changed).not.toBe(sql);
      yield { plainName: 'shop.sql', layers: ['zstd'], bytes: once(changed) };
      return (await dump.next()).value as DumpFacts;
    },
  };
}

/** What a dump may lose, with what a restore finds. */
const LOSSES: readonly (readonly [string, (sql: string) => string, string])[] = [
  ['a row', (sql) => sql.replace(/\(1,'Ada'\),/, ''), 'table customers'],
  [
    'all rows of a table',
    (sql) => sql.replace(/^INSERT INTO `customers` VALUES[^]*?;$/m, ''),
    'table customers',
  ],
  [
    'a table',
    (sql) =>
      sql.replace(/^CREATE TABLE `empty`[^;]*;$/m, '').replace(/^.*TABLE[S]? `empty`.*$/gm, ''),
    'table empty',
  ],
  [
    'a view',
    (sql) =>
      sql.replace(
        /^\/\*!50001 VIEW `recent`.*$/m,
        '/*!50001 VIEW `recent` AS select 1 AS `id`, 2 AS `name` */;',
      ),
    'views',
  ],
  ['a trigger', (sql) => sql.replace(/^\/\*!50003 CREATE\*\/[^]*?;;$/m, ''), 'triggers'],
  [
    'a function',
    (sql) => sql.replace(/^CREATE DEFINER=`root`@`localhost` FUNCTION[^]*?;;$/m, ''),
    'routines',
  ],
  ['an event', (sql) => sql.replace(/^\/\*!50106 CREATE\*\/[^]*?;;$/m, ''), 'events'],
  ['a constraint', (sql) => sql.replace(/,\n\s+CONSTRAINT `positive`[^\n]*/, ''), 'schema'],
  ['an index', (sql) => sql.replace(/,\n\s+UNIQUE KEY `by_name`[^\n]*/, ''), 'schema'],
];

describe.skipIf(!canRun)('a dump of MariaDB that has lost', { timeout: 120_000 }, () => {
  const place = mysqlRooms(makeShop);
  beforeEach(() => makeShop(place.server));

  async function verdict(
    change: (sql: string) => string,
    ...samples: readonly SampleOption[]
  ): Promise<unknown> {
    const store = memoryObjectStore();
    const { scratchRoot } = place.rooms;
    const sources = [lying(change)];
    const source = place.source();
    const backup = await createBackup({ source, store, storeName: 's', scratchRoot, sources });
    const verify = (sample?: SampleOption) =>
      verifyBackup({ backup, store, scratchRoot, ...(sample && { sample }) }).catch(
        (error: unknown) => error,
      );
    if (samples.length === 0) return verify();
    const ends: unknown[] = [];
    for (const sample of samples) ends.push(await verify(sample));
    return ends;
  }

  it('a row is proven by a sample of tables that has it not, and says so', async () => {
    const [, lose] = LOSSES[0]!;
    const samples = ['1', '2', '3', '4', '5'].map((seed) => ({ share: 0.4, seed }));
    const ends = await verdict(lose, ...samples);
    expect(ends).toContainEqual(
      expect.objectContaining({ sample: expect.objectContaining({ unit: 'tables' }) }),
    );
    expect(ends).toContainEqual(expect.objectContaining({ code: 'VERIFY_FAILED' }));
  });

  it.each(LOSSES)('%s is not proven', async (_name, change, what) => {
    const error = await verdict(change);
    expect(error).toMatchObject({ code: 'VERIFY_FAILED', context: { problem: 'RESTORE_DIFFERS' } });
    expect(JSON.stringify((error as { context: unknown }).context)).toContain(what);
  });

  it('its second half is not proven, though it was cut between two statements', async () => {
    const cut = (sql: string): string =>
      sql.slice(0, sql.indexOf('-- Table structure for table `orders`'));
    expect(await verdict(cut)).toMatchObject({
      code: 'VERIFY_FAILED',
      context: { problem: 'RESTORE_DIFFERS' },
    });
  });

  it('the end of a statement does not restore', async () => {
    const cut = (sql: string): string => sql.slice(0, sql.indexOf("'Ada'"));
    expect(await verdict(cut)).toMatchObject({ code: 'VERIFY_FAILED' });
  });

  it('a character of a value is found by checksums alone', async () => {
    const change = (sql: string): string => sql.replace("(1,'Ada')", "(1,'Eda')");
    expect(await verdict(change)).toMatchObject({ reached: 'restored' });
    const store = memoryObjectStore();
    const { scratchRoot } = place.rooms;
    const sources = [lying(change)];
    const source = place.source({ checksums: true });
    const backup = await createBackup({ source, store, storeName: 's', scratchRoot, sources });
    await expect(verifyBackup({ backup, store, scratchRoot })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      context: { problem: 'RESTORE_DIFFERS', differences: [{ what: 'content of customers' }] },
    });
  });
});
