import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createEngine,
  type Engine,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
  ObjectStoreError,
} from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import { healthCheck, type Notice } from '@holdfast/backups';
import { forge } from '../support/forged.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-23T20:00:00.000Z');

let clock: TestClock;
let primary: ObjectStore;
let vault: ObjectStore;
let notices: Notice[];
let engine: Engine;

beforeEach(() => {
  clock = new TestClock(START);
  primary = memoryObjectStore({ name: 'primary' });
  vault = memoryObjectStore({ name: 'vault' });
  notices = [];
  const people = (notice: Notice) => void notices.push(notice);
  engine = createEngine({ store: memoryRunStore(), resources: { primary, vault, people }, clock });
});

afterEach(async () => {
  await engine.stop();
});

const check = healthCheck({
  sets: ['orders', 'site'],
  stores: ['primary', 'vault'],
  limits: { maxAge: '24h' },
  notify: 'people',
});

async function backUp(set: string, ...stores: ObjectStore[]) {
  for (const store of stores) await forge(store, clock.now(), 'restored', set);
}

describe('the health check', () => {
  it('gives a verdict on each set, and tells people what has changed', async () => {
    await backUp('orders', primary, vault);
    await backUp('site', primary);
    const [orders, site] = await engine.run(check, []);
    expect([orders?.standing, site?.standing]).toEqual(['good', 'degraded']);
    expect(notices.map(({ subject }) => subject)).toEqual([
      'site: is degraded: a restorable backup lies in 1 store, and should lie in 2',
    ]);
    expect(notices[0]?.text).toContain('within its limit of 24.0 hours');

    await clock.advance(25 * HOUR);
    await backUp('site', primary, vault);
    await engine.run(check, []);
    expect(
      notices
        .slice(1)
        .map(({ set, kind, topic }) => `${set} ${kind} ${topic}`)
        .toSorted(),
    ).toEqual(['orders late health', 'site recovered health']);
  });

  it('goes on where a store does not answer, and says so', async () => {
    await backUp('orders', primary, vault);
    const list = (): never => {
      throw new ObjectStoreError('unavailable', 'The vault is gone.');
    };
    Object.assign(vault, { list });
    const [orders] = await engine.run(check, []);
    expect(orders).toMatchObject({ standing: 'degraded' });
    expect(orders?.verdict).toContain('no answer came from vault (OBJECT_STORE_UNAVAILABLE)');
  });

  it('tells nobody where nobody is named', async () => {
    const quiet = healthCheck({ name: 'quiet', sets: ['orders'], stores: ['primary'] });
    expect((await engine.run(quiet, []))[0]?.standing).toBe('late');
    const [root] = await engine.runs({ topLevel: true });
    expect(root?.name).toBe('quiet');
    expect(notices).toEqual([]);
  });

  it('is not made of nothing, nor of limits that cannot be', () => {
    for (const wrong of [
      { sets: [], stores: ['primary'] },
      { sets: ['orders'], stores: [] },
      { sets: ['orders'], stores: ['primary'], limits: { copies: 2 } },
    ]) {
      expect(() => healthCheck(wrong)).toThrow(
        expect.objectContaining({ code: 'OPTIONS_INVALID' }),
      );
    }
  });
});
