import { describe, expect, it } from 'vitest';
import { flow, runContext, secret, task, type Secret } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { refusalOf } from '../decorators/support.ts';
import { bench, expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

interface Db {
  readonly name: string;
  readonly port?: number;
}

/** What the run of a task with this name for people is called. */
async function called(
  runName: string | ((...args: never) => string),
  ...args: unknown[]
): Promise<string | undefined> {
  const named = task(
    async (db: unknown, level?: unknown, ...more: unknown[]) => [db, level, more].length,
    {
      name: 'named',
      runName: runName as string,
    },
  );
  const b = bench();
  const f = flow(async () => (named as (...given: unknown[]) => Promise<number>)(...args), {
    name: 'f',
  });
  const handle = await b.engine.start(f, []);
  await handle.result();
  return (await b.engine.below(handle.id))[0]?.runName;
}

describe('a template for the name of a run', () => {
  it.each<[string, unknown[], string]>([
    ['nightly', [], 'nightly'],
    ['dump {db}', ['shop'], 'dump shop'],
    ['dump {db.name} at {level}', [{ name: 'shop' }, 3], 'dump shop at 3'],
    ['dump {0.name} at {1}', [{ name: 'shop' }, 3], 'dump shop at 3'],
    ['{db.list.1}, {more.0} of {more}', [{ list: ['a', 'b'] }, 1, 'x', 'y'], 'b, x of ["x","y"]'],
    ['{db}', [new Date(0)], '1970-01-01T00:00:00.000Z'],
    ['{db} {level}', [secret('env:PASSWORD'), true], 'Secret(env:PASSWORD) true'],
    ['{level}', ['x', Number.NaN], 'NaN'],
    ['{db.port.high}|{level}|', [{ name: 'x' }, null], '||'],
    ['{{db}} {db} }}', ['x'], '{db} x }'],
    ['a { b } c', [], 'refused'],
    ['open { brace', [], 'open { brace'],
    ['{db}', ['y'.repeat(200)], `${'y'.repeat(80)}…`],
  ])('%j', async (template, args, name) => {
    if (name === 'refused') await expect(called(template, ...args)).rejects.toThrow("'{ b }'");
    else expect(await called(template, ...args)).toBe(name);
  });

  it('waits for arguments that are futures, and works on a decorator', async () => {
    class Nightly {
      @task({ runName: 'dump {db.name}' })
      async dump(db: Db): Promise<string> {
        return db.name;
      }
    }
    const get = task(async (name: string): Promise<Db> => ({ name }), { name: 'get' });
    const nightly = new Nightly();
    const dump = task(nightly.dump);
    const b = bench();
    const f = flow(async (day: string) => [day, await dump.submit(get.submit('shop'))], {
      name: 'f',
      runName: 'night of {day}',
    });
    const handle = await b.engine.start(f, ['monday']);
    await handle.result();
    expect((await handle.run()).runName).toBe('night of monday');
    const names = (await b.engine.below(handle.id)).flatMap(({ runName }) => runName ?? []);
    expect(names).toEqual(['dump shop']);
  });

  it.each(['{other}', '{db name}', '{}', '{db.}', '{.db}', '{-1}', '{db..x}'])(
    'is refused where it is defined: %j',
    (runName) => {
      const body = async (db: Db): Promise<string> => db.name;
      const options = { name: 'named', runName };
      for (const define of [() => task(body, options), () => flow(body, options)]) {
        expect(refusalOf(define)).toMatchObject({
          code: 'OPTIONS_INVALID',
          hint: expect.stringContaining('db'),
        });
      }
    },
  );
});

describe('a function for the name of a run', () => {
  it('is called once, over retries and crashes', async () => {
    let calls = 0;
    const named = task(
      async (n: number) => {
        if (runContext().attempt === 1) throw new Error('again');
        return n;
      },
      { name: 'named', retries: 1, runName: (n) => `${n}: call ${++calls}` },
    );
    const b = bench();
    const f = flow(async () => named(7), { name: 'f' });
    const handle = await b.engine.start(f, []);
    await handle.result();
    expect(calls).toBe(1);
    expect((await b.engine.below(handle.id))[0]?.runName).toBe('7: call 1');
    await crashAtEveryStep(f, {
      prepare: () => void (calls = 0),
      // Once for the process that died, and once more where it had not got as far as to record the run.
      check: () => expect(calls).toBeLessThanOrEqual(2),
    });
  });

  it('that throws, or gives no text, names nothing', async () => {
    const broken = (): string => {
      throw new Error('no name');
    };
    expect(await called(broken, 1)).toBeUndefined();
    expect(await called((() => 5) as never, 1)).toBeUndefined();
  });
});

it('marked secrets stand in a name by their reference', async () => {
  const login = task(async (password: Secret) => password.reference, {
    name: 'login',
    secretArgs: [0],
    runName: 'login with {password}',
  });
  const b = bench();
  const handle = await b.engine.start(
    flow(async () => login(secret('env:A')), { name: 'f' }),
    [],
  );
  await handle.result();
  expect((await b.engine.below(handle.id))[0]?.runName).toBe('login with Secret(env:A)');
});
