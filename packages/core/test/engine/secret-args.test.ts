import { describe, expect, it, vi } from 'vitest';
import {
  flow,
  group,
  map,
  memoryRunStore,
  quote,
  runContext,
  schedule,
  secret,
  setDefaultEngine,
  createEngine,
  task,
  type Secret,
} from '@holdfast/core';
import { crashAtEveryStep, secretCanary } from '@holdfast/core/testing';
import { bench, expectNoUnhandledRejections, type Bench } from './support.ts';

expectNoUnhandledRejections();

const EXPECTED = { code: 'SECRET_EXPECTED', retryable: false };

const named: string[] = [];
const login = task(
  async (host: string, password: Secret) =>
    `${host} ${(await runContext().secret(password)).length}`,
  {
    name: 'login',
    secretArgs: [1],
    key: (host, password) => {
      named.push(String(password));
      return host;
    },
    runName: (host, password) => {
      named.push(String(password));
      return `${host} with ${String(password)}`;
    },
  },
);
const keyless = task(async (given: unknown) => given, { name: 'keyless', secretArgs: [0] });
const connect = task(
  async (options: { readonly host: string; readonly auth?: unknown }) => options.host,
  { name: 'connect', secretArgs: ['password', 'token'] },
);

/** Everything that the store of a bench holds, and everything that was told. */
async function everything({ store, engine, told }: Bench): Promise<unknown> {
  const runs = await engine.runs({ limit: 1000 });
  const histories = await Promise.all(runs.map(({ id }) => engine.history(id)));
  return { runs, histories, hooks: await store.pendingHooks(), told };
}

/** What a flow that does this makes of it, on a bench whose engine logs. */
async function inFlow(b: Bench, body: () => unknown): Promise<unknown> {
  return b.engine.run(flow(async () => body(), { name: 'body' })).then(
    (value: unknown) => value,
    (error: unknown) => error,
  );
}

describe('a marked argument', () => {
  it('takes a reference, which names the run, identifies it, and is read where it is used', async () => {
    vi.stubEnv('DB_PASSWORD', 'hunter22hunter22');
    const b = bench();
    const f = flow(async (password: Secret) => login('db1', password), {
      name: 'f',
      secretArgs: [0],
    });
    const handle = await b.engine.start(f, [secret('env:DB_PASSWORD')]);
    expect(await handle.result()).toBe('db1 16');
    expect(await handle.run()).toMatchObject({ inputs: [{ $: 'secret', v: 'env:DB_PASSWORD' }] });
    const [run] = await b.engine.below(handle.id);
    expect(run).toMatchObject({ key: 'db1', runName: 'db1 with Secret(env:DB_PASSWORD)' });
  });

  it('is replayed after a crash like any other', async () => {
    vi.stubEnv('DB_PASSWORD', 'hunter22hunter22');
    const get = task(async () => secret('env:DB_PASSWORD'), { name: 'get' });
    const f = flow(
      async (password: Secret) => [
        await login('db1', password),
        await login.submit('db2', get.submit()),
      ],
      { name: 'f', secretArgs: [0] },
    );
    const report = await crashAtEveryStep(f, { args: [secret('env:DB_PASSWORD')] });
    expect(report.result).toEqual(['db1 16', 'db2 16']);
  });

  it('may be left out, hold several, or stand in data', async () => {
    const many = task(
      async (all?: readonly (Secret | null)[], more?: { readonly user: Secret }) =>
        [all?.length, more?.user.reference] as const,
      { name: 'many', secretArgs: [0, 1] },
    );
    const one = secret('env:ONE');
    const result = await inFlow(bench(), async () => [
      await many(),
      await many(undefined, { user: one }),
      await many([one, null, one]),
      await connect({ host: 'a', auth: { password: one, deep: [{ token: [one] }] } }),
      await connect.submit({ host: 'b', auth: new Map([['password', one]]) }),
    ]);
    expect(result).toEqual([
      [undefined, undefined],
      [undefined, 'env:ONE'],
      [3, undefined],
      'a',
      'b',
    ]);
  });
});

describe('a value in place of a reference', () => {
  const canary = secretCanary();
  const value = canary.value as never;
  const give = task(async () => 'given', { name: 'give' });
  const sub = flow(async (password: Secret) => password.reference, {
    name: 'sub',
    secretArgs: [0],
    runName: (password) => `with ${String(password)}`,
  });
  const refused: [string, () => unknown][] = [
    ['a call', () => login('db', value)],
    ['a submission', () => login.submit('db', value)],
    ['a call within data', () => connect({ host: 'a', auth: { password: value } })],
    ['a call within a list', () => connect({ host: 'a', auth: [{ deep: [{ token: [value] }] }] })],
    ['a call within a Map', () => connect({ host: 'a', auth: new Map([['token', value]]) })],
    ['a call within a Set', () => connect({ host: 'a', auth: new Set([{ token: value }]) })],
    ['a subflow', () => sub(value)],
    ['a map, as item', async () => map(keyless, [value])],
    ['a map, beside the items', async () => login.map(['db'], value)],
    ['a map over arguments', async () => login.mapArgs([['db', value]])],
    ['a quote', () => login.submit('db', quote(value))],
    ['a call in a group', () => group('g', {}, async () => login('db', value))],
    ['a buffer', () => login('db', Buffer.from(canary.value) as never)],
    ['a promise', () => login('db', Promise.resolve(canary.value) as never)],
  ];

  it.each(refused)('is refused in %s, and is nowhere', async (_how, call) => {
    named.length = 0;
    const lines: unknown[] = [];
    const line = (...parts: unknown[]): void => void lines.push(parts);
    const b = bench({ logger: { debug: line, info: line, warn: line, error: line } });
    const error = await inFlow(b, call);
    expect(error).toMatchObject(EXPECTED);
    await canary.expectAbsent({ error, lines, named, store: await everything(b) });
    expect((await b.engine.runs({})).map(({ name }) => name)).toEqual(['body']);
  });

  it('that a future gives is refused when it is there', async () => {
    named.length = 0;
    const b = bench();
    const error = await inFlow(b, () => login.submit('db', give.submit() as never));
    expect(error).toMatchObject(EXPECTED);
    const failed = (await b.engine.runs({})).filter(({ state }) => state.type === 'FAILED');
    expect(failed.map(({ name, attempts }) => [name, attempts])).toEqual([['body', 1]]);
    expect(named).toEqual([]);
    const subflow = await inFlow(b, async () => {
      const options = { host: 'h', auth: { password: give.submit() } };
      return connect.with({ key: ({ host }) => host }).submit(options);
    });
    expect(subflow).toMatchObject(EXPECTED);
    expect(await inFlow(b, () => keyless.submit(give.submit()))).toMatchObject(EXPECTED);
    const states = (await b.engine.runs({ name: 'keyless' })).map(({ state }) => state);
    expect(states).toMatchObject([{ type: 'FAILED', error: { code: 'SECRET_EXPECTED' } }]);
  });

  it('is refused for a flow that is started, before there is a run', async () => {
    const b = bench();
    await expect(b.engine.run(sub, [value])).rejects.toMatchObject(EXPECTED);
    await expect(b.engine.start(sub, [value])).rejects.toMatchObject(EXPECTED);
    expect(await b.engine.runs({})).toEqual([]);
  });

  it('is refused by a schedule, whatever its overlap', async () => {
    expect(() => schedule(sub, { every: '1h', args: [value] })).toThrow(
      expect.objectContaining(EXPECTED),
    );
    const lines: unknown[] = [];
    const line = (...parts: unknown[]): void => void lines.push(parts);
    const hourly = schedule(sub, { every: '1h', args: () => [value] });
    const b = bench({
      schedules: [hourly],
      logger: { debug: line, info: line, warn: line, error: line },
    });
    await b.engine.serve();
    await b.clock.advance(2 * 3_600_000);
    expect(await b.engine.runs({})).toEqual([]);
    await canary.expectAbsent({ lines, store: await everything(b) });
    await b.engine.stop();
  });

  it('is refused where a task is called outside of every flow', async () => {
    const engine = createEngine({ store: memoryRunStore() });
    setDefaultEngine(engine);
    await expect(connect({ host: 'a', auth: { password: value } })).rejects.toMatchObject(EXPECTED);
    expect(await engine.runs({})).toEqual([]);
    setDefaultEngine(undefined);
    await engine.stop();
  });

  it('is not shown by the error, which says where it stood', async () => {
    const [byPosition, byName] = (await Promise.all([
      inFlow(bench(), () => login('db', value)),
      inFlow(bench(), () => connect({ host: 'a', auth: { password: value } })),
    ])) as [Error, Error];
    expect(byPosition.message).toBe("Argument 2 of 'login' takes a Secret, and was given a value.");
    expect(byName.message).toBe(
      "'password' in argument 1 of 'connect' takes a Secret, and was given a value.",
    );
    await canary.expectAbsent({ byPosition, byName });
  });
});

it('marks can be replaced by with(), like any option', async () => {
  const open = connect.with({ secretArgs: [] });
  expect(await inFlow(bench(), () => open({ host: 'a', auth: { password: 'x' } }))).toBe('a');
});
