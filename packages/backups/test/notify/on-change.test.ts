import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createEngine,
  type Engine,
  flow,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
  ObjectStoreError,
  runContext,
  secret,
} from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import {
  type DeadManSwitch,
  type Notice,
  notifyOnChange,
  type Ping,
  pingDeadMan,
  type Standing,
  type StandingInput,
} from '@holdfast/backups';
import { forge } from '../support/forged.ts';
import { bytesOf, keysOf } from '../support/rooms.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-23T03:00:00.000Z');
const LEDGER = 'orders/notices/backup.json';

let clock: TestClock;
let primary: ObjectStore;
let told: { readonly by: string; readonly notice: Notice }[];
let refusing: Set<string>;
let pings: Ping[];
let engine: Engine;

function notifier(by: string) {
  return (notice: Notice) => {
    if (refusing.has(by)) throw new Error('nobody listens');
    told.push({ by, notice });
  };
}

beforeEach(() => {
  clock = new TestClock(START);
  primary = memoryObjectStore({ name: 'primary' });
  told = [];
  refusing = new Set();
  pings = [];
  const dead: DeadManSwitch = { ping: async (ping) => void pings.push(ping) };
  const resources = { primary, mail: notifier('mail'), chat: notifier('chat'), dead };
  engine = createEngine({ store: memoryRunStore(), resources, clock });
});

afterEach(async () => {
  await engine.stop();
});

const report = flow(
  async (input: StandingInput) => {
    runContext().logger.info('the night begins');
    return (await notifyOnChange.with({ retries: 0 }).submit(input).outcome()).ok;
  },
  { name: 'report' },
);

/** Tells how things stand, a while after the time before; gives whether every message was taken. */
async function stands(standing: Standing, hoursLater = 0, more: Partial<StandingInput> = {}) {
  await clock.advance(hoursLater * HOUR);
  const what = standing === 'good' ? 'proven and copied' : 'no proven backup tonight';
  const input = { set: 'orders', standing, what, notifiers: ['mail'], ledger: 'primary', ...more };
  return engine.run(report, [input]);
}

const kinds = () => told.map(({ by, notice }) => `${by}: ${notice.kind}`);

describe('people', () => {
  it('are told when things change, reminded once a day, and told when they are good again', async () => {
    await stands('good');
    await stands('failed', 24);
    await stands('failed', 6);
    await stands('failed', 18);
    await stands('good', 24);
    await stands('good', 24);
    expect(kinds()).toEqual(['mail: failed', 'mail: still-failing', 'mail: recovered']);
    expect(told[1]?.notice.text).toContain('Failing since 2026-11-24T03:00:00.000Z (24.0 hours).');
    expect(told[2]?.notice.text).toContain('It had failed since 2026-11-24T03:00:00.000Z');
  });

  it('are reminded as often as they wish', async () => {
    await stands('failed');
    await stands('failed', 6, { remindAfter: '6h' });
    expect(kinds()).toEqual(['mail: failed', 'mail: still-failing']);
  });

  it('are told of each topic by itself', async () => {
    await stands('failed');
    await stands('late', 0, { topic: 'health' });
    await stands('good', 1, { topic: 'health' });
    expect(told.map(({ notice }) => `${notice.topic} ${notice.kind}`)).toEqual([
      'backup failed',
      'health late',
      'health recovered',
    ]);
  });

  it('are told the age of the last restorable copy against its limit, what to do next, and the last lines', async () => {
    await forge(primary, START - 26 * HOUR);
    const nextAttemptAt = '2026-11-24T03:00:00.000Z';
    const problem = { code: 'VERIFY_FAILED', message: 'rows are missing', hint: 'Look.' };
    const more = {
      stores: ['primary'],
      maxAge: '1d',
      nextAttemptAt,
      problem,
      app: 'shop',
    } as const;
    await stands('failed', 0, { ...more, task: 'verifyByRestore' });
    const { text = '', runId } = told[0]?.notice ?? {};
    expect(text).toMatch(
      /^shop, orders: no proven backup tonight\. Its last proven backup is 26\.0 /,
    );
    expect(text).toContain('2.0 hours over its limit of 24.0 hours.');
    expect(text).toContain('VERIFY_FAILED: rows are missing');
    expect(text).toContain('Task: verifyByRestore');
    expect(text).toContain(`Next attempt at ${nextAttemptAt}.`);
    expect(text).toContain(`To resume: engine.retry('${runId}')`);
    expect(text).toMatch(/Last lines of the run:\n2026-11-23T03:00:00\.000Z info the night begins/);
    await stands('failed', 24, { resume: 'backup resume {runId}' });
    expect(told[1]?.notice.text).toContain(`To resume: backup resume ${told[1]?.notice.runId}`);
  });

  it('are told when it was last proven, where that is known', async () => {
    const lastProvenAt = '2026-11-22T03:00:00.000Z';
    await stands('failed', 0, { lastProvenAt, stores: ['primary'] });
    expect(told[0]?.notice.text).toContain('Its last proven backup is 24.0 hours old');
    await stands('good');
    await stands('failed', 0, { lastProvenAt: null });
    expect(told[2]?.notice.text).toContain('No backup of it was ever proven restorable.');
  });

  it('are told no secret that a run has logged', async () => {
    const leak = flow(
      async () => {
        const value = await runContext().secret(secret('env:HOLDFAST_TEST_CANARY'));
        runContext().logger.warn(`tried with ${value}`);
        const problem = { code: null, message: 'refused', hint: null };
        const common = { set: 'orders', standing: 'failed', what: 'no backup', problem } as const;
        await notifyOnChange({ ...common, notifiers: ['mail'], ledger: 'primary' });
      },
      { name: 'leak' },
    );
    process.env['HOLDFAST_TEST_CANARY'] = 'canary-8f31c2';
    await engine.run(leak, []);
    expect(told[0]?.notice.text).toContain('warn tried with ');
    expect(told[0]?.notice.text).not.toContain('canary-8f31c2');
    expect((await bytesOf(primary, LEDGER)).toString('utf8')).not.toContain('canary-8f31c2');
  });
});

describe('what a notifier does not take', () => {
  it('keeps the others from nothing, and is sent with the next, in its order', async () => {
    refusing.add('chat');
    const both = { notifiers: ['chat', 'mail'] };
    expect(await stands('failed', 0, both)).toBe(false);
    expect(await stands('good', 24, both)).toBe(false);
    expect(kinds()).toEqual(['mail: failed', 'mail: recovered']);
    refusing.clear();
    expect(await stands('good', 24, both)).toBe(true);
    expect(kinds().slice(2)).toEqual(['chat: failed', 'chat: recovered']);
    await stands('good', 24, both);
    expect(told).toHaveLength(4);
  });

  it('is tried again by the task itself, and nobody is told twice', async () => {
    refusing.add('chat');
    const input: StandingInput = {
      set: 'orders',
      standing: 'failed',
      what: 'no backup',
      notifiers: ['mail', 'chat'],
      ledger: 'primary',
    };
    const patient = flow(() => notifyOnChange.with({ retries: { limit: 1, delay: 1 } })(input), {
      name: 'patient',
    });
    const chat = (notice: Notice): void => {
      const isFirst = refusing.delete('chat');
      if (isFirst) throw new Error('nobody listens');
      told.push({ by: 'chat', notice });
    };
    const resources = { primary, mail: notifier('mail'), chat };
    const waking = createEngine({ store: memoryRunStore(), resources });
    const done = await waking.run(patient, []);
    await waking.stop();
    expect(done).toEqual({ kind: null, sent: 1 });
    expect(kinds()).toEqual(['mail: failed', 'chat: failed']);
  });

  it('is given up after a week', async () => {
    refusing.add('mail');
    await stands('failed');
    refusing.clear();
    expect(await stands('failed', 8 * 24)).toBe(true);
    expect(kinds()).toEqual(['mail: still-failing']);
  });
});

describe('the record of what was told', () => {
  it('lies beside the backups, and is none', async () => {
    await stands('failed');
    expect(await keysOf(primary)).toEqual([LEDGER]);
  });

  it.each([
    ['cut', (text: string) => text.slice(0, 100)],
    ['altered', (text: string) => text.replace('failed', 'good')],
    ['from the future', (text: string) => text.replace('"version": 1', '"version": 2')],
  ])('tells people once more when it is %s', async (_, change) => {
    await stands('failed');
    const text = (await bytesOf(primary, LEDGER)).toString('utf8');
    await primary.put(LEDGER, Buffer.from(change(text)));
    await stands('failed', 1);
    expect(kinds()).toEqual(['mail: failed', 'mail: failed']);
    await stands('failed', 1);
    expect(told).toHaveLength(2);
  });

  it('keeps nobody from being told where the store can neither be read nor written', async () => {
    const gone = (): never => {
      throw new ObjectStoreError('unavailable', 'The store is gone.');
    };
    Object.assign(primary, { get: gone, put: gone, list: gone });
    expect(await stands('failed', 0, { stores: ['primary'] })).toBe(true);
    expect(kinds()).toEqual(['mail: failed']);
    expect(told[0]?.notice.text).toContain(
      'When it was last proven restorable could not be found out',
    );
  });

  it('has the message before it is sent: a process that dies in between sends it later', async () => {
    refusing.add('mail');
    await stands('failed');
    const kept = JSON.parse((await bytesOf(primary, LEDGER)).toString('utf8')) as object;
    expect(kept).toMatchObject({
      standing: 'failed',
      waiting: [{ notifier: 'mail', attempts: 0, notice: { kind: 'failed' } }],
    });
  });
});

describe('a dead-man switch', () => {
  it('is told of the run by its id', async () => {
    const watched = flow(
      async () => {
        await pingDeadMan({ to: 'dead', signal: 'start' });
        await pingDeadMan({ to: 'dead', signal: 'fail', text: 'no backup' });
        return runContext().rootRunId;
      },
      { name: 'watched' },
    );
    const runId = await engine.run(watched, []);
    expect(runId).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(pings).toEqual([
      { signal: 'start', runId, text: '' },
      { signal: 'fail', runId, text: 'no backup' },
    ]);
  });
});
