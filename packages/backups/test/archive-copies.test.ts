import { describe, expect, it } from 'vitest';
import { flow, ObjectStoreError } from '@holdfast/core';
import {
  archiveBackup,
  archiveCopies,
  type Backup,
  type CopiesInput,
  copyBackup,
  dumpSource,
  listBackups,
} from '@holdfast/backups';
import { fill, testNight } from './support/night.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();
const night = testNight(rooms, { limits: { uplink: 1 } });
const DAY = 86_400_000;

const dump = flow(
  (source: ReturnType<typeof night.orders>, scratchRoot: string) =>
    dumpSource({ source, store: 'primary', scratchRoot }),
  { name: 'dump' },
);
const copies = flow((input: CopiesInput) => archiveCopies(input), { name: 'copies' });
const keep = flow((backup: Backup, to: string) => archiveBackup(backup, to, { retainFor: '30d' }), {
  name: 'keep',
});

function dumped() {
  return night.engine.run(dump, [night.orders(), rooms.scratchRoot]);
}

async function copied(backup: Backup, more: Partial<CopiesInput> = {}) {
  return night.engine.run(copies, [{ backup, to: ['vault', 'cellar'], ...more }]);
}

describe('copies in several stores', () => {
  it('are made in all of them, each read back', async () => {
    const report = await copied(await dumped());
    expect(report).toMatchObject({ made: 2, isDegraded: false });
    for (const store of [night.vault, night.cellar]) {
      const { backups } = await listBackups(store);
      expect(backups.map(({ proof }) => proof.level)).toEqual(['checksum']);
    }
  });

  it('may fail in some, which is told, as long as enough are made', async () => {
    fill(night.vault);
    const backup = await dumped();
    expect(await copied(backup, { atLeast: 1 })).toEqual({
      made: 1,
      isDegraded: true,
      copies: [
        {
          store: 'vault',
          problem: expect.objectContaining({ code: 'OBJECT_STORE_FULL' }) as unknown,
        },
        { store: 'cellar', copy: expect.objectContaining({ store: 'cellar' }) as unknown },
      ],
    });
    await expect(copied(backup)).rejects.toMatchObject({
      code: 'COPIES_TOO_FEW',
      message: 'orders has 1 of at least 2 copies; none in vault (OBJECT_STORE_FULL).',
      context: { set: 'orders', made: 1, atLeast: 2, stores: ['vault'] },
    });
  });

  it('go on where an attempt was cut off, and send nothing twice', async () => {
    const backup = await dumped();
    const { put } = night.vault;
    let sent = 0;
    Object.assign(night.vault, {
      put: (...args: Parameters<typeof put>) => {
        sent += 1;
        if (sent === 2) throw new ObjectStoreError('full', 'It is full.');
        return put.apply(night.vault, args);
      },
    });
    await copied(backup, { atLeast: 1 });
    const { copies: again } = await copied(backup);
    expect(again[0]?.copy).toMatchObject({ keptObjects: 1 });
    expect(again[1]?.copy).toMatchObject({ copiedBytes: 0 });
  });

  it('take their share of limits each', async () => {
    await copied(await dumped(), { limits: ['uplink'] });
    const [root] = await night.engine.runs({ topLevel: true });
    const runs = await night.engine.below(root!.id);
    const archived = runs.filter(({ name }) => name === 'archiveBackup');
    const spans = await Promise.all(
      archived.map(async ({ id }) => {
        const history = await night.engine.history(id);
        return [
          history.find(({ state }) => state.type === 'RUNNING')?.at ?? 0,
          history.at(-1)?.at ?? 0,
        ] as const;
      }),
    );
    const [first, second] = spans.toSorted(([a], [b]) => a - b);
    expect(second?.[0]).toBeGreaterThanOrEqual(first?.[1] ?? Infinity);
  });

  it('are refused where they could not be what they seem', async () => {
    const backup = await dumped();
    for (const wrong of [
      { to: ['vault', 'vault'] },
      { atLeast: 3 },
      { atLeast: 0.5 },
    ] satisfies Partial<CopiesInput>[]) {
      await expect(copied(backup, wrong)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
  });
});

describe('a copy that its store keeps', () => {
  const keys = async () => {
    const all: string[] = [];
    for await (const { key } of night.vault.list('')) all.push(key);
    return all.filter((key) => !key.includes('/verifications/'));
  };
  const kept = async () =>
    Promise.all((await keys()).map((key) => night.vault.retainedUntil!(key)));

  it('cannot be removed by anybody before its date: every object of it', async () => {
    const { retainedUntil = '' } = await night.engine.run(keep, [await dumped(), 'vault']);
    const until = Date.parse(retainedUntil);
    expect(until).toBeGreaterThan(Date.now() + 29 * DAY);
    expect(await kept()).toEqual((await keys()).map(() => until));
  });

  it('is made of one that was copied before without a date', async () => {
    const backup = await dumped();
    await copied(backup, { to: ['vault'] });
    expect(await kept()).toEqual((await keys()).map(() => undefined));
    const copy = await night.engine.run(keep, [backup, 'vault']);
    expect(copy).toMatchObject({ keptObjects: 0 });
    expect(await kept()).not.toContain(undefined);
    // What is kept long enough is not sent again.
    expect(await night.engine.run(keep, [backup, 'vault'])).toMatchObject({ copiedBytes: 0 });
  });

  it('is refused by a store that cannot keep anything', async () => {
    const backup = await dumped();
    const { properties } = night.vault;
    Object.assign(night.vault, { properties: { ...properties, retention: false } });
    const from = night.primary;
    const copy = copyBackup({ backup, from, to: night.vault, toName: 'vault', retainFor: '1d' });
    await expect(copy).rejects.toMatchObject({ code: 'RETENTION_UNSUPPORTED', retryable: false });
    expect(await keys()).toEqual([]);
  });
});
