import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  resolveSecret,
  runContext,
  schedule,
  secret,
  task,
  type Logger,
} from '@holdfast/core';
import { seededRandom, TestClock } from '@holdfast/core/testing';
import { aborted, bench, durableStore, turns } from './support.ts';

describe('an engine', () => {
  it('takes its random numbers from the source that it is given', async () => {
    const draw = flow(async () => runContext().uuid(), { name: 'draw' });
    const clock = new TestClock();
    const drawn = [1, 2].map(() => {
      const { engine } = bench({ random: seededRandom(7), clock });
      return engine.run(draw);
    });
    const [one, two] = await Promise.all(drawn);
    expect(one).toBe(two);
  });

  it('hands lines of its runs to the logger', async () => {
    const lines: unknown[] = [];
    const note = (...line: readonly unknown[]): void => void lines.push(line.at(-1));
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const talk = flow(async () => runContext().logger.info('hello'), { name: 'talk' });
    await bench({ logger }).engine.run(talk);
    expect(lines).toContain('hello');
  });

  it('gives runs its resources by their names', async () => {
    const vault = { files: 3 };
    const look = flow(async () => runContext().resource<typeof vault>('vault').files, {
      name: 'look',
    });
    await expect(bench({ resources: { vault } }).engine.run(look)).resolves.toBe(3);
  });

  it('resolves secrets of schemes of its own', async () => {
    const ask = flow(async () => (await runContext().secret(secret('vault:x'))).length, {
      name: 'ask',
    });
    const secrets = { vault: async (name: string) => `value of ${name}` };
    await expect(bench({ secrets }).engine.run(ask)).resolves.toBe('value of x'.length);
    await expect(resolveSecret(secret('vault:x'), {}, {})).rejects.toMatchObject({
      code: 'SECRET_UNKNOWN_SCHEME',
    });
  });

  it('keeps the version of the code with each run', async () => {
    const f = flow(async () => 1, { name: 'f' });
    const { engine } = bench({ codeVersion: '2026.11' });
    await engine.run(f);
    expect(await engine.runs()).toMatchObject([{ codeVersion: '2026.11' }]);
  });

  it('leases its runs for as long as it is told', async () => {
    const clock = new TestClock();
    const store = durableStore();
    const long = flow(() => aborted(runContext().signal), { name: 'long' });
    const { engine } = bench({ store, clock, leaseTtl: '5m' });
    await engine.start(long, []);
    const [open] = await store.openRuns();
    expect(open?.lease.expiresAt).toBe(clock.now() + 300_000);
    await engine.stop();
  });

  it('delivers hooks that are due of the tasks that it was given', async () => {
    const store = durableStore();
    let crashed = 0;
    const stuck = (told: () => void) =>
      task(() => new Promise<void>(() => undefined), {
        name: 'stuck',
        maxRecoveries: 0,
        onCrash: () => told(),
      });
    const first = stuck(() => undefined);
    const f = flow(async () => first(), { name: 'f', maxRecoveries: 0 });
    const died = bench({ store });
    await died.engine.start(f, []);
    await turns();
    const clock = new TestClock(died.clock.now() + 3_600_000);
    const known = stuck(() => crashed++);
    const { engine } = bench({ store, clock, flows: [f], tasks: [known] });
    const report = await engine.recover();
    expect(report.ended).toHaveLength(1);
    expect(crashed).toBe(1);
  });

  it('calls a hook of a flow that is not taken up again', async () => {
    const store = durableStore();
    const reasons: string[] = [];
    const f = flow(() => new Promise<void>(() => undefined), {
      name: 'f',
      maxRecoveries: 0,
      onCrash: (error) => void reasons.push((error as { code?: string }).code ?? ''),
    });
    const died = bench({ store });
    await died.engine.start(f, []);
    await turns();
    const clock = new TestClock(died.clock.now() + 3_600_000);
    await bench({ store, clock, flows: [f] }).engine.recover();
    expect(reasons).toEqual(['RECOVERIES_EXHAUSTED']);
  });
});

it('a flow is described by the engine that knows it', () => {
  const f = flow(async () => 1, { name: 'f', description: 'Gives one.', tags: ['small'] });
  const t = task(async () => 2, { name: 't' });
  expect(bench({ flows: [f], tasks: [t] }).engine.definitions()).toEqual([
    { kind: 'flow', name: 'f', description: 'Gives one.', tags: ['small'] },
    { kind: 'task', name: 't', tags: [] },
  ]);
});

it('a schedule has the name that it is given', async () => {
  const tick = flow(async () => undefined, { name: 'tick' });
  const schedules = [
    schedule(tick, { every: '1h', name: 'hourly' }),
    schedule(tick, { every: '1d', name: 'daily' }),
  ];
  const engine = createEngine({ store: durableStore(), clock: new TestClock(), schedules });
  await engine.serve();
  await turns();
  expect((await engine.schedules.list()).map(({ name }) => name)).toEqual(['daily', 'hourly']);
  await engine.stop();
});
