import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import {
  type DrillOptions,
  listBackups,
  restoreDrill,
  type RestoreCheck,
  setLocks,
} from '@holdfast/backups';
import { rowsOf } from '../support/databases.ts';
import { testNight } from '../support/night.ts';
import { flipByte, keysOf, leftIn, testRooms } from '../support/rooms.ts';

const rooms = testRooms();
/** What the copies held that were asked. */
const asked: number[] = [];
const check: RestoreCheck = ({ path }) => {
  asked.push(rowsOf(path, 'orders'));
  return asked.length < 2;
};
const night = testNight(rooms, { limits: setLocks('orders') }, { countOrders: check });

function drill(options: Partial<DrillOptions> = {}) {
  const { scratchRoot } = rooms;
  const flow = restoreDrill({ sets: ['orders'], store: 'vault', scratchRoot, ...options });
  return night.engine.run(flow, []);
}

async function damage() {
  const [key = ''] = (await keysOf(night.vault)).filter((one) => one.endsWith('.zst'));
  await flipByte(night.vault, key);
}

describe('a restore drill', () => {
  it('restores a copy into a scratch place, and keeps the proof beside it', async () => {
    await night.run({});
    expect((await listBackups(night.vault)).backups[0]?.proof.level).toBe('checksum');
    const [report] = await drill();
    expect(report).toMatchObject({ set: 'orders', verification: { reached: 'restored' } });
    expect((await listBackups(night.vault)).backups[0]?.proof.level).toBe('restored');
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('asks a question of one’s own of what it has restored', async () => {
    await night.run({});
    asked.length = 0;
    await drill({ check: 'countOrders' });
    expect(asked).toEqual([200]);
    // The second time it says no.
    await expect(drill({ check: 'countOrders' })).rejects.toThrow('orders (VERIFY_FAILED)');
  });

  it('tries every set, tells people, and fails by name', async () => {
    await night.run({});
    await damage();
    const run = drill({ sets: ['orders', 'unknown'], notify: 'people' });
    await expect(run).rejects.toMatchObject({
      code: 'RESTORE_UNPROVEN',
      message: 'No restore was proven: orders (VERIFY_FAILED), unknown (BACKUP_MISSING).',
    });
    const told = night.notices.map(({ set, kind, topic }) => `${set} ${kind} ${topic}`);
    expect(told.toSorted()).toEqual([
      'orders restore-unproven drill',
      'unknown restore-unproven drill',
    ]);
  });

  it('tells people when a restore is proven again', async () => {
    await night.run({});
    await damage();
    await expect(drill({ notify: 'people' })).rejects.toThrow('No restore was proven');
    await night.run({});
    await drill({ notify: 'people' });
    expect(night.notices.map(({ kind }) => kind)).toEqual(['restore-unproven', 'recovered']);
  });

  it('takes any backup of a set, where that is wished, or the newest', async () => {
    for (let nights = 0; nights < 3; nights++) await night.run({});
    const { backups } = await listBackups(night.vault);
    const newest = backups[0]?.manifest.id;
    expect((await drill())[0]?.backup).toBe(newest);
    const ids = new Set<string | undefined>();
    for (let tries = 0; tries < 60 && ids.size < 2; tries++) {
      ids.add((await drill({ pick: 'any' }))[0]?.backup);
    }
    expect(ids.size).toBeGreaterThan(1);
  });

  it('takes the lock of each set, which its engine must have', async () => {
    await night.run({});
    await expect(drill({ lock: true })).resolves.toHaveLength(1);
    const other = drill({ lock: true, sets: ['orders'], limits: ['unknown'] });
    await expect(other).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('is not made of nothing', () => {
    expect(() => restoreDrill({ sets: [], store: 'vault' })).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID' }),
    );
  });
});

describe('what a drill proves', () => {
  it('is told by what the copy holds, not by what it says', async () => {
    await night.run({});
    const path = join(rooms.root, 'orders.db');
    const db = new DatabaseSync(path);
    db.exec('DELETE FROM orders');
    db.close();
    // The source has changed since; the backup is what it was at the moment of its dump.
    const [report] = await drill();
    expect(report?.verification?.compared.rows).toBeGreaterThan(200);
  });
});
