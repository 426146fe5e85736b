import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type DrillOptions,
  listBackups,
  restoreDrill,
  type RestoreCheck,
  setLocks,
} from '@holdfast/backups';
import { rowsOf } from '../support/databases.ts';
import { hasAge, makeKey } from '../support/keys.ts';
import { testNight } from '../support/night.ts';
import { testRooms } from '../support/rooms.ts';
import { served } from '../support/served-source.ts';

const rooms = testRooms();
/** What the copies held that were asked, and where they lay. */
const asked: { rows: number; path: string }[] = [];
const check: RestoreCheck = ({ path }) => void asked.push({ rows: rowsOf(path, 'orders'), path });

const night = testNight(
  rooms,
  { limits: { ...setLocks('orders'), drills: 1 } },
  { countOrders: check, 'source:served': served },
);
const stores = { primary: 'primary' };
const UNPROVEN = { code: 'RESTORE_UNPROVEN' };

function made(options: Partial<DrillOptions>) {
  const { scratchRoot } = rooms;
  return restoreDrill({ sets: ['orders'], store: 'primary', scratchRoot, ...options });
}

const drill = (options: Partial<DrillOptions>) => night.engine.run(made(options), []);

describe('a restore drill', () => {
  it('has the name that it is given', async () => {
    await night.run({ stores });
    await drill({ name: 'sunday-drill' });
    const runs = await night.engine.runs({ topLevel: true });
    expect(runs.map(({ name }) => name)).toContain('sunday-drill');
  });

  it('takes a backup of a set that is not the newest, where that is wished', async () => {
    await night.run({ stores });
    await night.run({ stores });
    const newest = (await listBackups(night.primary)).backups[0]?.manifest.id;
    let [report] = await drill({ pick: 'any' });
    for (let tries = 0; tries < 60 && report?.backup === newest; tries++) {
      [report] = await drill({ pick: 'any' });
    }
    expect(report?.backup).not.toBe(newest);
  });

  it.skipIf(!hasAge)('decrypts what it restores with an identity', async () => {
    const { recipient, identity: key } = await makeKey(rooms.root, 'key');
    await night.run({ stores, encryption: { recipients: [recipient] } });
    await expect(drill({})).rejects.toMatchObject(UNPROVEN);
    const [report] = await drill({ identities: [key] });
    expect(report?.verification?.identities).toEqual([recipient]);
  });

  it('makes scratch copies on the server that is given', async () => {
    const source = { ...night.orders(), kind: 'served' };
    await night.run({ stores, sources: [source] }).catch(() => undefined);
    const scratchServer = { kind: 'served', host: 'scratch.example', port: 1, user: 'drill' };
    await drill({ scratchServer, notify: 'people' }).catch(() => undefined);
    expect(night.notices.at(-1)?.text).toContain('on scratch.example');
  });

  it('asks a question of one’s own of what it has restored', async () => {
    await night.run({ stores });
    asked.length = 0;
    await drill({ check: 'countOrders' });
    expect(asked.map(({ rows }) => rows)).toEqual([200]);
  });

  it('makes scratch directories where it is told', async () => {
    await night.run({ stores });
    asked.length = 0;
    const scratchRoot = join(rooms.root, 'elsewhere');
    await drill({ check: 'countOrders', scratchRoot });
    expect(asked[0]?.path.startsWith(scratchRoot)).toBe(true);
    expect(await readdir(scratchRoot)).toEqual([]);
  });

  it('tells people what was not proven', async () => {
    await expect(drill({ notify: 'people' })).rejects.toMatchObject(UNPROVEN);
    expect(night.notices.map(({ kind }) => kind)).toEqual(['restore-unproven']);
  });

  it('takes its share of limits', async () => {
    await night.run({ stores });
    await expect(drill({ limits: ['drills'] })).resolves.toHaveLength(1);
    await expect(drill({ limits: ['unknown'] })).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('restores a sample, where that is wished, which its proof says', async () => {
    await night.run({ stores, sources: [night.site()] });
    const [report] = await drill({ sets: ['site'], sample: { share: 0.01 } });
    expect(report?.verification?.sample?.of).toBe(2);
  });

  it('takes the lock of each set', async () => {
    await night.run({ stores, sources: [night.site()] });
    const unlocked = drill({ lock: true, sets: ['site'] });
    await expect(unlocked).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});
