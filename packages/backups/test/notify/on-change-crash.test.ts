import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
  runContext,
} from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { type Notice, notifyOnChange, type Standing } from '@holdfast/backups';
import { overriding } from '../support/overriding.ts';
import { bytesOf } from '../support/rooms.ts';

const LEDGER = 'orders/notices/backup.json';

function inputOf(standing: Standing) {
  const notifiers = ['mail', 'chat'];
  return { set: 'orders', standing, what: 'as it is', notifiers, ledger: 'primary' };
}

const turn = flow(
  async () => {
    runContext().logger.info('the night begins');
    await notifyOnChange(inputOf('failed'));
    await notifyOnChange(inputOf('good'));
    return 'told';
  },
  { name: 'turn' },
);

async function waitingIn(store: ObjectStore): Promise<unknown> {
  const text = (await bytesOf(store, LEDGER)).toString('utf8');
  return (JSON.parse(text) as { readonly waiting: unknown }).waiting;
}

describe('what people are told over a process that dies', () => {
  it('at any commit of the run is told to each of them, in order, and nothing is left', async () => {
    let primary = memoryObjectStore();
    let told: string[] = [];
    const notifier = (by: string) => (notice: Notice) => void told.push(`${by}: ${notice.kind}`);
    const store = new Proxy(primary, {
      get: (_, name) => {
        const value: unknown = Reflect.get(primary, name, primary);
        return typeof value === 'function' ? value.bind(primary) : value;
      },
    });
    const { crashes } = await crashAtEveryStep(turn, {
      engine: { resources: { primary: store, mail: notifier('mail'), chat: notifier('chat') } },
      prepare: () => {
        primary = memoryObjectStore();
        told = [];
      },
      check: async () => {
        for (const by of ['mail', 'chat']) {
          const own = told.filter((one) => one.startsWith(by));
          // At least once each; what was told is never told again once it was recorded.
          expect([...new Set(own)]).toEqual([`${by}: failed`, `${by}: recovered`]);
        }
        expect(await waitingIn(primary)).toEqual([]);
      },
    });
    expect(crashes).toBeGreaterThan(8);
  }, 60_000);

  it('at any write to the outbox and any message is told by the next process', async () => {
    const report = flow(
      async (standing: Standing) =>
        (await notifyOnChange.with({ retries: 0 }).submit(inputOf(standing)).outcome()).ok,
      { name: 'report' },
    );
    for (const when of ['before', 'after'] as const) {
      for (let step = 1; ; step++) {
        const primary = memoryObjectStore();
        const told: string[] = [];
        const fate = { steps: 0, isDead: false };
        const act = async <T>(work: () => T | Promise<T>): Promise<T> => {
          fate.steps += 1;
          if (fate.isDead || (fate.steps === step && when === 'before')) {
            fate.isDead = true;
            throw new Error('the process died');
          }
          const done = await work();
          if (fate.steps === step) {
            fate.isDead = true;
            throw new Error('the process died');
          }
          return done;
        };
        const notifier = (by: string) => (notice: Notice) =>
          act(() => void told.push(`${by}: ${notice.kind}`));
        const process = (store: ObjectStore) =>
          createEngine({
            store: memoryRunStore(),
            resources: { primary: store, mail: notifier('mail'), chat: notifier('chat') },
          });
        const dying = process(
          overriding(primary, { put: (...args) => act(() => primary.put(...args)) }),
        );
        await dying.run(report, ['failed']);
        await dying.stop();
        const { isDead } = fate;
        fate.isDead = false;
        fate.steps = -Infinity;
        const next = process(primary);
        expect(await next.run(report, ['failed'])).toBe(true);
        await next.stop();
        expect(new Set(told)).toEqual(new Set(['mail: failed', 'chat: failed']));
        expect(told.length).toBeLessThanOrEqual(3);
        expect(await waitingIn(primary)).toEqual([]);
        if (!isDead) {
          // The outbox; each message, and the outbox without it.
          expect(step).toBe(1 + 2 * 2 + 1);
          break;
        }
      }
    }
  }, 60_000);
});
