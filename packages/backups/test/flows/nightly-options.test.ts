import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ObjectStoreError } from '@holdfast/core';
import { listBackups, nightlyBackup, type NightlyOptions, setLocks } from '@holdfast/backups';
import { makeOrders } from '../support/databases.ts';
import { forge } from '../support/forged.ts';
import { hasAge, makeKey } from '../support/keys.ts';
import { fill, testNight } from '../support/night.ts';
import { testRooms } from '../support/rooms.ts';

const rooms = testRooms();
const night = testNight(rooms, { limits: { ...setLocks('orders', 'site'), uplink: 1 } });
const DAY = 86_400_000;

/** Runs of tasks, by the names of their definitions. */
async function tasks() {
  const [root] = await night.engine.runs({ topLevel: true });
  return night.engine.below(root!.id);
}

/** The order in which things were done, of two kinds of runs. */
async function doneInTurn() {
  const runs = (await tasks()).filter(({ name }) => /dump|verify|archiveBackup|prune/.test(name));
  const spans = await Promise.all(
    runs.map(async ({ id }) => {
      const history = await night.engine.history(id);
      const running = history.find(({ state }) => state.type === 'RUNNING')?.at ?? 0;
      return [running, history.at(-1)?.at ?? 0] as const;
    }),
  );
  const sorted = spans.toSorted(([a], [b]) => a - b);
  return sorted.every(([begin], at) => at === 0 || begin >= (sorted[at - 1]?.[1] ?? 0));
}

describe('retention in a nightly backup', () => {
  it('removes what the policy does not keep, in every store, once tonight is proven', async () => {
    for (const days of [1, 2, 3]) {
      await forge(night.primary, Date.now() - days * DAY);
      await forge(night.vault, Date.now() - days * DAY, 'checksum');
    }
    // Of the usual size: an odd one would suspend the pruning.
    const { backups: before } = await listBackups(night.primary);
    expect(before).toHaveLength(3);
    const report = await night.run({ retention: { daily: 2 } });
    expect(report.sources[0]?.pruned).toMatchObject([
      { store: 'primary', report: { removed: [{ set: 'orders' }, { set: 'orders' }] } },
      { store: 'vault', report: { removed: [{ set: 'orders' }, { set: 'orders' }] } },
    ]);
    expect((await listBackups(night.primary)).backups).toHaveLength(2);
    expect((await listBackups(night.vault)).backups).toHaveLength(2);
  });

  it('removes nothing in a night that proves nothing, nor without a policy', async () => {
    for (const days of [1, 2, 3]) await forge(night.primary, Date.now() - days * DAY);
    await night.run({});
    expect((await listBackups(night.primary)).backups).toHaveLength(4);
    await rm(join(rooms.root, 'orders.db'));
    await expect(night.run({ retention: { daily: 1 } })).rejects.toMatchObject({
      code: 'BACKUP_NOT_PROVEN',
    });
    expect((await listBackups(night.primary)).backups).toHaveLength(4);
  });

  it('is told where it fails, and fails nothing', async () => {
    await forge(night.primary, Date.now() - 9 * DAY);
    await forge(night.primary, Date.now() - 8 * DAY);
    const remove = night.primary.delete.bind(night.primary);
    Object.assign(night.primary, {
      delete: (key: string) =>
        key.endsWith('manifest.json')
          ? Promise.reject(new ObjectStoreError('denied', 'no'))
          : remove(key),
    });
    const report = await night.run({ retention: { daily: 1 }, notify: 'people' });
    expect(report.sources[0]).toMatchObject({
      standing: 'degraded',
      what: 'proven, but not pruned in primary',
    });
    expect(night.notices).toMatchObject([{ kind: 'degraded', severity: 'warning' }]);
  });
});

describe('copies of a nightly backup', () => {
  const three = { primary: 'primary', copies: ['vault', 'cellar'] };

  it('may fail in some stores: the state of each is told', async () => {
    fill(night.vault);
    const stores = { ...three, atLeast: 1 };
    const report = await night.run({ stores, notify: 'people' });
    expect(report.sources[0]).toMatchObject({
      standing: 'degraded',
      copies: [
        { store: 'vault', problem: { code: 'OBJECT_STORE_FULL' } },
        { store: 'cellar', copy: { store: 'cellar' } },
      ],
    });
    expect(night.notices.map(({ subject, kind }) => [subject, kind])).toEqual([
      ['orders: proven, but not copied to vault', 'degraded'],
    ]);
  });

  it('fail the flow, after all is done, where fewer are made than have to be', async () => {
    fill(night.vault);
    const run = night.run({ stores: { ...three, atLeast: 2 }, notify: 'people' });
    await expect(run).rejects.toMatchObject({
      code: 'COPIES_TOO_FEW',
      message: 'Proven, but with too few copies: orders (OBJECT_STORE_FULL).',
    });
    expect(night.notices).toMatchObject([{ kind: 'failed', severity: 'critical' }]);
    expect((await listBackups(night.cellar)).backups).toHaveLength(1);
  });

  it('may be kept by their store for a while', async () => {
    const copies = [{ store: 'vault', retainFor: '30d' }];
    const report = await night.run({ stores: { primary: 'primary', copies } });
    const { retainedUntil = '' } = report.sources[0]?.copies[0]?.copy ?? {};
    expect(Date.parse(retainedUntil)).toBeGreaterThan(Date.now() + 29 * DAY);
    const [entry] = (await listBackups(night.vault)).backups;
    const key = `${entry?.path}manifest.json`;
    expect(await night.vault.retainedUntil?.(key)).toBe(Date.parse(retainedUntil));
  });
});

describe('limits of a nightly backup', () => {
  const both = (): Pick<NightlyOptions, 'sources'> => ({ sources: [night.orders(), night.site()] });

  it('are handed down to everything that its tasks do', async () => {
    await night.run({ ...both(), limits: ['uplink'], retention: { daily: 1 } });
    expect(await doneInTurn()).toBe(true);
  });

  it('are those of its engine: others are refused', async () => {
    const run = night.run({ limits: ['unknown'] });
    await expect(run).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('may be the lock of each set', async () => {
    const run = night.run({ lock: true, retention: { daily: 1 } });
    await expect(run).resolves.toMatchObject({ sources: [{ standing: 'good' }] });
    const unknown = night.run({ lock: true, sources: [{ ...night.orders(), name: 'other' }] });
    // The engine was not given its lock: it says so instead of going on without.
    await expect(unknown).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

describe('a nightly backup', () => {
  it('reads file trees once the databases are dumped', async () => {
    await night.run({ sources: [night.site(), night.orders()] });
    const dumps = (await tasks()).filter(({ name }) => name === 'dumpSource');
    const [orders, site] = await Promise.all(
      ['dump orders', 'dump site'].map(async (runName) => {
        const run = dumps.find((one) => one.runName === runName);
        return night.engine.history(run!.id);
      }),
    );
    const ended = orders?.at(-1)?.at ?? Infinity;
    const began = site?.[0]?.at ?? 0;
    expect(began).toBeGreaterThanOrEqual(ended);
  });

  it('reads file trees also where a database could not be dumped', async () => {
    await rm(join(rooms.root, 'orders.db'));
    const run = night.run({ sources: [night.site(), night.orders()] });
    await expect(run).rejects.toMatchObject({ context: { sources: ['orders'] } });
    expect((await listBackups(night.vault)).backups).toHaveLength(1);
  });

  it('runs in its window alone', async () => {
    const now = new Date();
    const hour = (offset: number) =>
      `${String((now.getUTCHours() + offset) % 24).padStart(2, '0')}:00`;
    const window = { opens: hour(2), closes: hour(3), timeZone: 'UTC' };
    const stores = { primary: 'primary' };
    const flow = nightlyBackup({ sources: [night.orders()], stores, window });
    const handle = await night.engine.start(flow, []);
    await expect
      .poll(async () => (await handle.state()).name, { timeout: 10_000 })
      .toBe('AwaitingWindow');
    await handle.cancel('enough');
    await expect(handle.result()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('tells a dead-man switch that it starts, and how it has ended', async () => {
    await night.run({ pings: 'dead' });
    await rm(join(rooms.root, 'orders.db'));
    await expect(night.run({ pings: 'dead' })).rejects.toThrow('Without a proven backup');
    const told = night.pings.map(({ signal, text }) => [signal, text]);
    expect(told).toEqual([
      ['start', ''],
      ['success', ''],
      ['start', ''],
      ['fail', 'Without a proven backup: orders (SOURCE_MISSING).'],
    ]);
    expect(new Set(night.pings.map(({ runId }) => runId)).size).toBe(2);
  });

  it('tells people once while it goes on failing, and when it is good again', async () => {
    const path = join(rooms.root, 'orders.db');
    const telling = { notify: ['people'], maxAge: '26h' } as const;
    await night.run(telling);
    await rm(path);
    await expect(night.run(telling)).rejects.toThrow('Without');
    await expect(night.run(telling)).rejects.toThrow('Without');
    expect(night.notices.map(({ kind }) => kind)).toEqual(['failed']);
    expect(night.notices[0]?.text).toContain('within its limit of 26.0 hours');
    expect(night.notices[0]?.text).toContain('Task: dumpSource');
    makeOrders(path);
    await night.run(telling);
    expect(night.notices.map(({ kind }) => kind)).toEqual(['failed', 'recovered']);
  });

  it('tells people which attempt failed, and when the next one is', async () => {
    await rm(join(rooms.root, 'orders.db'));
    const times = { at: [new Date('2020-01-01'), new Date('2999-01-01T01:00Z')] };
    await expect(night.run({ notify: 'people', times })).rejects.toThrow('Without');
    const [notice] = night.notices;
    // Nothing can be helped by trying again where there is no file.
    expect(notice?.text).toContain('Task: dumpSource, attempt 1 of 4');
    expect(notice?.text).toContain('Next attempt at 2999-01-01T01:00:00.000Z.');
    const over = night.run({ notify: 'people', times: { at: new Date('2020-01-01') } });
    await expect(over).rejects.toThrow('Without');
    const wrong = async () => night.run({ times: { cron: 'never' } });
    await expect(wrong()).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' });
  });

  it('has the name that it is given', async () => {
    await night.run({ name: 'shop-at-night' });
    const [root] = await night.engine.runs({ topLevel: true });
    expect(root?.name).toBe('shop-at-night');
  });

  it('makes scratch directories where it is told', async () => {
    await night.run({ scratchRoot: join(rooms.root, 'elsewhere') });
    expect(await readdir(rooms.root)).toContain('elsewhere');
  });

  it.skipIf(!hasAge)('encrypts what it stores', async () => {
    const { recipient } = await makeKey(rooms.root, 'main');
    const stores = { primary: 'primary' };
    const closed = await night.run({ stores, encryption: { recipients: [recipient] } });
    expect(closed.sources[0]?.verification).toMatchObject({ reached: 'checksum' });
    const [entry] = (await listBackups(night.primary)).backups;
    expect(entry?.manifest.artifacts[0]?.layers.at(-1)).toBe('age');
  });

  it.skipIf(!hasAge)('restores what it has encrypted with an identity', async () => {
    const { recipient, identity } = await makeKey(rooms.root, 'main');
    const ways = { encryption: { recipients: [recipient] }, identities: [identity] };
    const open = await night.run({ stores: { primary: 'primary' }, ...ways });
    expect(open.sources[0]?.verification).toMatchObject({ reached: 'restored' });
  });

  it('tells people the age of the last restorable copy against its limit', async () => {
    await forge(night.primary, Date.now() - DAY);
    await rm(join(rooms.root, 'orders.db'));
    await expect(night.run({ notify: 'people', maxAge: '26h' })).rejects.toThrow('Without');
    expect(night.notices[0]?.text).toContain('within its limit of 26.0 hours');
  });

  it('is not made of what cannot be', async () => {
    const wrong: [Partial<NightlyOptions>, string][] = [
      [{ stores: { primary: 'primary', copies: ['primary'] } }, 'OPTIONS_INVALID'],
      [{ stores: { primary: 'primary', copies: ['vault'], atLeast: 2 } }, 'OPTIONS_INVALID'],
      [{ retention: {} }, 'RETENTION_EMPTY'],
      [{ maxAge: 'soon' }, 'DURATION_INVALID'],
    ];
    for (const [options, code] of wrong) {
      expect(() => night.run(options)).toThrow(expect.objectContaining({ code }));
    }
  });
});
