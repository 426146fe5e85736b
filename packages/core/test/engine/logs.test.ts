import { describe, expect, it } from 'vitest';
import { flow, memoryRunStore, runContext, task, type Logger } from '@holdfast/core';
import { crashingRunStore, seededRandom, TestClock } from '@holdfast/core/testing';
import { hostLogger, linesOf } from './log-support.ts';
import { bench, durableStore, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

const chat = task(
  async (n: number) => {
    const { logger } = runContext();
    logger.trace('very quiet');
    logger.debug({ n }, 'quiet');
    logger.info({ n }, 'told');
    logger.warn('odd');
    logger.fatal('over');
    return n;
  },
  { name: 'chat' },
);
const talk = flow(
  async () => {
    runContext().logger.info('begins');
    return chat.map([1, 2]);
  },
  { name: 'talk' },
);

describe('lines of a run', () => {
  it('are kept with it, and read by run, level and page', async () => {
    const b = bench();
    await b.engine.run(talk);
    const [root] = await b.engine.runs({ topLevel: true });
    const [first] = await b.engine.below(root!.id);
    const all = await b.engine.logs(root!.id);
    expect(all).toHaveLength(7);
    expect(all[0]).toMatchObject({
      runId: root!.id,
      rootId: root!.id,
      generation: 1,
      attempt: 1,
      at: b.clock.now(),
      level: 'info',
      message: 'begins',
    });
    expect(all[0]).not.toHaveProperty('fields');
    expect(all[1]).toMatchObject({ message: 'told', fields: { n: 1 } });
    expect(await linesOf(b, { level: 'error' })).toEqual(['chat fatal over', 'chat fatal over']);
    const own = ['chat info told', 'chat warn odd', 'chat fatal over'];
    expect(await linesOf(b, { runId: first!.id })).toEqual(own);
    expect(await b.engine.logs(first!.id)).toEqual(all.filter(({ runId }) => runId === first!.id));
    expect(await b.engine.logs(first!.id, { runId: root!.id })).toEqual([]);
    const page = await b.engine.logs(root!.id, { limit: 2 });
    const rest = await b.engine.logs(root!.id, { after: page[1]!.position });
    expect([...page, ...rest]).toEqual(all);
  });

  it('can be read back by the run itself: the newest of all below its top-level run', async () => {
    const b = bench();
    const look = task(async (count: number) => runContext().lastLines(count), { name: 'look' });
    const recount = flow(
      async () => {
        for (let line = 0; line < 1200; line++) runContext().logger.info(`line ${line}`);
        await chat(1);
        return look(4);
      },
      { name: 'recount' },
    );
    const found = await b.engine.run(recount);
    const messages = found.map(({ level, message }) => `${level} ${message}`);
    expect(messages).toEqual(['info line 1199', 'info told', 'warn odd', 'fatal over']);
  });

  it('are refused where there is no such run, or no such level', async () => {
    const b = bench();
    const id = '01930000-0000-7000-8000-000000000000' as never;
    await expect(b.engine.logs(id)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    const wrong = [{ level: 'loud' as never }, { limit: 0 }, { limit: 1.5 }, { after: Number.NaN }];
    for (const filter of wrong) {
      await expect(b.engine.logs(id, filter)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
  });

  it('are looked for, like runs, only by what makes sense', async () => {
    const { engine } = bench();
    const wrong = [
      { limit: -1 },
      { limit: Infinity },
      { states: ['DONE'] as never },
      { order: 'up' as never },
    ];
    for (const query of wrong) {
      await expect(engine.runs(query)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
  });

  it('go to the host all the same, whatever is kept: trace as debug, fatal as error', async () => {
    const { lines, logger } = hostLogger();
    const b = bench({ logger, logs: { level: 'silent' } });
    await b.engine.run(flow(() => chat(3), { name: 'talk' }));
    expect(lines.map(([level]) => level)).toEqual(['debug', 'debug', 'info', 'warn', 'error']);
    expect(await linesOf(b)).toEqual([]);
  });

  it('are kept from the level on that the engine was given', async () => {
    const b = bench({ logs: { level: 'trace' } });
    await b.engine.run(flow(() => chat(3), { name: 'talk' }));
    expect((await linesOf(b)).slice(0, 2)).toEqual(['chat trace very quiet', 'chat debug quiet']);
    const quiet = bench({ logs: { level: 'fatal' } });
    await quiet.engine.run(flow(() => chat(3), { name: 'talk' }));
    expect(await linesOf(quiet)).toEqual(['chat fatal over']);
  });

  it('carry what was bound to their logger, the nearest last', async () => {
    const { lines, logger } = hostLogger();
    const children: object[] = [];
    const parent: Logger = {
      ...logger,
      child: (bindings) => {
        children.push(bindings);
        return parent;
      },
    };
    const b = bench({ logger: parent });
    const f = flow(
      async () => {
        const log = runContext().logger.child({ table: 'orders', part: 1 });
        log.child({ part: 2 }).info({ rows: 5 }, 'read');
      },
      { name: 'f' },
    );
    await b.engine.run(f);
    const [root] = await b.engine.runs({});
    expect((await b.engine.logs(root!.id))[0]?.fields).toEqual({
      table: 'orders',
      part: 2,
      rows: 5,
    });
    expect(children).toEqual([
      { runId: root!.id, run: 'f', attempt: 1 },
      { table: 'orders', part: 1 },
      { part: 2 },
    ]);
    expect(lines).toEqual([['info', { rows: 5 }, 'read']]);
  });
});

describe('what is logged', () => {
  it('ends with a line that says so where a run logs too much', async () => {
    const say = task(
      async (count: number) => {
        for (let n = 0; n < count; n++) runContext().logger.info('x'.repeat(100));
      },
      { name: 'say' },
    );
    const b = bench({ logs: { maxRun: 2000 } });
    const f = flow(() => say.map([100, 1]), { name: 'f' });
    await b.engine.run(f);
    const lines = await linesOf(b);
    expect(lines.filter((line) => line.includes('xxx'))).toHaveLength(12 + 1);
    const last = 'say warn No more lines of this run are kept: it has logged 2,000 bytes.';
    expect(lines.filter((line) => !line.includes('xxx'))).toEqual([last]);
  });

  it('is bounded over all that is below a top-level run', async () => {
    const say = task(async (_n: number) => runContext().logger.info('x'.repeat(100)), {
      name: 'say',
    });
    const b = bench({ logs: { maxTotal: 2000 } });
    await b.engine.run(flow(() => say.map(Array.from({ length: 50 }, (_, n) => n)), { name: 'f' }));
    const lines = await linesOf(b);
    expect(lines).toHaveLength(13);
    expect(lines.at(-1)).toContain('its top-level run has logged 2,000 bytes');
  });

  it('fails no run, also where neither the host nor the store can write it', async () => {
    const inner = memoryRunStore();
    const store = crashingRunStore(inner, undefined);
    const commit = store.commit.bind(store);
    const refusing = Object.assign(store, {
      commit: async (writes: Parameters<typeof commit>[0], durability: 'process' | 'machine') => {
        if (writes.every(({ kind }) => kind === 'log')) throw new Error('no room');
        return commit(writes, durability);
      },
    });
    const broken = (): never => {
      throw new Error('the log is full');
    };
    const logger = { debug: broken, info: broken, warn: broken, error: broken, child: broken };
    const f = flow(
      async () => {
        runContext().logger.child({ a: 1 }).error('lost');
        await turns(3);
        return 'done';
      },
      { name: 'f' },
    );
    const b = bench({ store: refusing, logger });
    expect(await b.engine.run(f)).toBe('done');
    expect(await linesOf(b)).toEqual([]);
  });

  it('waits for no commit, and shares the commits of others', async () => {
    const store = crashingRunStore(memoryRunStore(), undefined);
    const b = bench({ store });
    const f = flow(
      async () => {
        const before = store.commits;
        for (let n = 0; n < 400; n++) runContext().logger.info({ n }, 'line');
        return store.commits - before;
      },
      { name: 'f' },
    );
    expect(await b.engine.run(f)).toBe(0);
    expect(await linesOf(b)).toHaveLength(400);
    expect(store.commits).toBeLessThan(6);
  });

  it('is kept after the attempt has ended, too', async () => {
    let logger: Logger | undefined;
    const f = flow(async () => void (logger = runContext().logger), { name: 'f' });
    const b = bench();
    await b.engine.run(f);
    logger?.info('late');
    await turns(3);
    expect(await linesOf(b)).toEqual(['f info late']);
    await b.engine.stop();
    logger?.info('after the stop');
    await turns(3);
  });
});

describe('of a process that died', () => {
  it('lines up to the last commit are there, and the engine tells of retries and recoveries', async () => {
    const inner = durableStore();
    let dies = true;
    const t = task(
      async () => {
        const { logger, attempt } = runContext();
        logger.info(`attempt ${attempt}`);
        if (attempt === 1) throw new Error('first');
        if (dies) await new Promise<never>(() => undefined);
        return 1;
      },
      { name: 't', retries: { limit: 3, delay: '10s' } },
    );
    const f = flow(() => t(), { name: 'f' });
    const clock = new TestClock();
    const one = bench({ store: crashingRunStore(inner, undefined), clock });
    await one.engine.start(f, []);
    await clock.advance(10_000);
    dies = false;
    const { lines, logger } = hostLogger();
    const later = new TestClock(Date.UTC(2027, 0, 1));
    const two = bench({ store: inner, flows: [f], clock: later, random: seededRandom(9), logger });
    const { resumed } = await two.engine.recover();
    await later.runUntil(resumed[0]!.result());
    expect(await linesOf(two)).toEqual([
      't info attempt 1',
      't warn attempt 1 failed; the next one is due in 10s',
      't info attempt 2',
      'f warn taken up again after its process had died: recovery 1 of 3',
      't warn taken up again after its process had died: recovery 1 of 3',
      't info attempt 2',
    ]);
    const [root] = await two.engine.runs({ topLevel: true });
    const kept = await two.engine.logs(root!.id, { level: 'warn' });
    expect(kept.map(({ attempt }) => attempt)).toEqual([0, 0, 0]);
    expect(kept[0]!.fields).toMatchObject({ err: { message: 'first' } });
    expect(lines.filter(([level]) => level === 'warn')).toHaveLength(2);
  });
});

it('bounds that are none are refused', () => {
  for (const logs of [
    { level: 'loud' as never },
    { maxLine: 10 },
    { maxRun: -1 },
    { maxTotal: 0.5 },
  ]) {
    expect(() => bench({ logs })).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  }
});
