import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  type CatalogEntry,
  type HealthCheck,
  type HealthLimits,
  judgeSet,
  listBackups,
  type StoreView,
  type VerificationLevel,
} from '@holdfast/backups';
import { forge } from '../support/forged.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-11-23T20:00:00.000Z');
const HOURS_24 = { maxAge: '24h' } as const;

let primary: ObjectStore;
let vault: ObjectStore;

beforeEach(() => {
  primary = memoryObjectStore({ name: 'primary' });
  vault = memoryObjectStore({ name: 'vault' });
});

function made(hoursAgo: number, level?: VerificationLevel, ...stores: ObjectStore[]) {
  const where = stores.length === 0 ? [primary] : stores;
  return Promise.all(where.map((store) => forge(store, NOW - hoursAgo * HOUR, level)));
}

async function viewOf(store: ObjectStore, name: string): Promise<StoreView> {
  const { backups, problems } = await listBackups(store, { now: () => NOW });
  return { store: name, backups, problems };
}

async function judged(limits: HealthLimits = HOURS_24, both = false) {
  const views = [await viewOf(primary, 'primary')];
  if (both) views.push(await viewOf(vault, 'vault'));
  return judgeSet('orders', views, limits, NOW);
}

function found(checks: readonly HealthCheck[], name: HealthCheck['name']) {
  return checks.find((check) => check.name === name);
}

/** The same entry with another size. */
function sized(entry: CatalogEntry, plainBytes: number): CatalogEntry {
  const artifacts = entry.manifest.artifacts.slice(0, 1).map((one) => ({ ...one, plainBytes }));
  return { ...entry, manifest: { ...entry.manifest, artifacts } };
}

describe('a set', () => {
  it('is good, in one sentence', async () => {
    await made(3, 'restored', primary, vault);
    const { standing, verdict, checks } = await judged(HOURS_24, true);
    expect(standing).toBe('good');
    expect(verdict).toBe(
      'orders is good: its newest restorable backup is 3.0 hours old; a restore was last proven 3.0 hours ago; a restorable backup lies in 2 stores.',
    );
    expect(checks.map((check) => check.standing)).toEqual(Array(8).fill('good'));
  });

  it('that has no backup is late', async () => {
    const { standing, verdict } = await judged();
    expect(standing).toBe('late');
    expect(verdict).toMatch(/^orders is late: there is no backup of it; none of its backups /);
  });

  it('is late when its newest backup is older than its limit, by a night and two hours', async () => {
    await made(26);
    expect((await judged({})).standing).toBe('good');
    const { standing, summary } = await judged({ maxAge: '25h' });
    expect(standing).toBe('late');
    expect(summary).toContain('its newest backup is 26.0 hours old, over its limit of 25.0 hours');
  });

  it('is late when what is new is not restorable: a dump proves nothing', async () => {
    await made(1, 'checksum');
    await made(30);
    const { standing, summary, figures } = await judged();
    expect(standing).toBe('late');
    expect(summary).toMatch(/^is late: its newest restorable backup is 30\.0 hours old, over/);
    expect(figures.lastSuccessAt).toBe('2026-11-23T19:00:00.000Z');
    expect(figures.lastRestorableAt).toBe('2026-11-22T14:00:00.000Z');
    expect((await judged({ ...HOURS_24, maxRestorableAge: '2d' })).standing).toBe('good');
  });

  it('lacks a proof when no restore was proven for longer than its limit', async () => {
    await made(6 * 24);
    const week = { maxAge: '30d' } as const;
    expect((await judged(week)).standing).toBe('good');
    const { standing, summary } = await judged({ ...week, restoreProvenWithin: '5d' });
    expect(standing).toBe('restore-unproven');
    expect(summary).toBe(
      'has no recent proof of a restore: a restore was last proven 6.0 days ago, over its limit of 5.0 days',
    );
  });

  it('is degraded when a restorable backup lies in too few stores', async () => {
    await made(3, 'restored', primary);
    await made(20, 'restored', primary);
    const { standing, summary, figures } = await judged(HOURS_24, true);
    expect(standing).toBe('degraded');
    expect(summary).toBe('is degraded: a restorable backup lies in 1 store, and should lie in 2');
    expect(figures.copies).toBe(1);
    expect((await judged({ ...HOURS_24, copies: 1 }, true)).standing).toBe('good');
  });

  it('is not degraded while its newest backup is on its way to the other stores', async () => {
    await made(0.1, 'restored', primary);
    await made(23, 'restored', primary, vault);
    expect((await judged(HOURS_24, true)).standing).toBe('good');
  });

  it('counts no copy whose objects are missing', async () => {
    const [manifest] = await made(3, 'restored', primary, vault);
    const { id = '' } = manifest ?? {};
    await vault.delete(`orders/2026/11/${id}/a.sqlite`);
    const { standing, summary } = await judged(HOURS_24, true);
    expect(standing).toBe('degraded');
    expect(summary).toContain('lies in 1 store, and should lie in 2');
    expect(summary).toContain('a.sqlite is damaged (OBJECT_MISSING)');
  });

  it.each([
    ['far smaller', 20, 'degraded'],
    ['far larger', 400, 'degraded'],
    ['a little smaller', 50, 'good'],
  ] as const)('whose newest backup is %s than those before is %s', async (_, bytes, standing) => {
    for (const hours of [3, 20, 30, 40]) await made(hours);
    const { backups } = await listBackups(primary, { now: () => NOW });
    const [newest, ...before] = backups;
    const sizes = [sized(newest!, bytes), ...before.map((entry) => sized(entry, 100))];
    const judge = (list: CatalogEntry[], limits: HealthLimits = {}) =>
      judgeSet('orders', [{ store: 'primary', backups: list, problems: [] }], limits, NOW);
    expect(judge(sizes).standing).toBe(standing);
    expect(judge(sizes, { sizeFactor: 10 }).standing).toBe('good');
    // A history of two says nothing.
    expect(judge(sizes.slice(0, 3)).standing).toBe('good');
  });

  it('is judged without what is dated in the future, and that is told', async () => {
    await made(-48);
    await made(30);
    const { standing, checks } = await judged();
    expect(standing).toBe('late');
    expect(found(checks, 'age')?.found).toContain('30.0 hours old');
    expect(found(checks, 'clock')).toEqual({
      name: 'clock',
      standing: 'degraded',
      found: '1 backup is dated in the future: a clock was wrong',
    });
  });

  it('is degraded when one of its stores does not answer, and cannot be judged when none does', async () => {
    await made(3);
    const error = { code: 'OBJECT_STORE_UNAVAILABLE', message: 'gone', hint: null };
    const gone: StoreView = { store: 'vault', error };
    const both = [await viewOf(primary, 'primary'), gone];
    const { standing, summary } = judgeSet('orders', both, HOURS_24, NOW);
    expect(standing).toBe('degraded');
    expect(summary).toMatch(
      /^is degraded: no answer came from vault \(OBJECT_STORE_UNAVAILABLE\);/,
    );
    expect(judgeSet('orders', [gone], HOURS_24, NOW)).toMatchObject({ standing: 'failed' });
  });

  it('has figures, for metrics', async () => {
    await made(3, 'restored', primary, vault);
    expect((await judged(HOURS_24, true)).figures).toEqual({
      lastSuccessAt: '2026-11-23T17:00:00.000Z',
      lastRestorableAt: '2026-11-23T17:00:00.000Z',
      lastVerifiedAt: '2026-11-23T17:00:00.000Z',
      lastRestoreProvenAt: '2026-11-23T17:00:00.000Z',
      lastDurationMs: 0,
      lastBytes: 40,
      copies: 2,
      maxAgeMs: 24 * HOUR,
    });
  });

  it('is held to no limits that cannot be', () => {
    const view: StoreView = { store: 'primary', backups: [], problems: [] };
    for (const limits of [{ copies: 2 }, { copies: 0 }, { sizeFactor: 1 }]) {
      const judge = () => judgeSet('orders', [view], limits, NOW);
      expect(judge).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
    }
  });
});
