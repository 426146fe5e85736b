import { describe, expect, it, vi } from 'vitest';
import { createEngine, flow, map, memoryRunStore, runContext, submit, task } from '@holdfast/core';

const engine = createEngine({ store: memoryRunStore() });

interface Db {
  readonly name: string;
}

class Nightly {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  @task({ retries: 1 })
  async dump(db: Db): Promise<string> {
    if (runContext().attempt === 1 && db.name === 'flaky') throw new Error('once');
    return this.prefix + db.name;
  }

  check = task(async (text: string) => `${this.prefix}${text}`, { name: 'check' });

  @task()
  async typed(count: number, at: Date, on: boolean, list: string[], any: unknown) {
    return [typeof count, at instanceof Date, on, list.length, any];
  }

  @flow()
  async run(dbs: Db[]): Promise<string[]> {
    const one = await submit(this.dump, { name: 'one' });
    return [one, ...(await this.check.map(map(this.dump, dbs)))];
  }
}

class Weekly extends Nightly {
  override async dump(db: Db): Promise<string> {
    return `weekly ${db.name}`;
  }
}

class Monthly extends Nightly {
  @task()
  override async dump(db: Db): Promise<string> {
    return `monthly ${await super.dump(db)}`;
  }
}

describe('legacy decorators', () => {
  it('bind per instance, retry, submit and map', async () => {
    const [a, b] = [new Nightly('a:'), new Nightly('b:')];
    expect(await engine.run(a.run, [[{ name: 'x' }, { name: 'flaky' }]])).toEqual([
      'a:one',
      'a:a:x',
      'a:a:flaky',
    ]);
    expect(await engine.run(b.run, [[]])).toEqual(['b:one']);
    expect(a.dump).toBe(a.dump);
    expect(a.dump).not.toBe(b.dump);
    const { dump } = a;
    expect(await dump({ name: 'detached' })).toBe('a:detached');
  });

  it('let overrides win, decorated or not', async () => {
    expect(await new Weekly('w:').dump({ name: 'x' })).toBe('weekly x');
    expect('submit' in new Weekly('w:').dump).toBe(false);
    expect(await new Monthly('m:').dump({ name: 'x' })).toBe('monthly m:x');
  });

  it('let a test replace a method of an instance', async () => {
    const nightly = new Nightly('a:');
    nightly.dump = vi.fn(async () => 'mocked');
    expect(await nightly.dump({ name: 'x' })).toBe('mocked');
    expect(await new Nightly('b:').dump({ name: 'x' })).toBe('b:x');
  });

  it('check and coerce arguments by the types of the parameters', async () => {
    const nightly = new Nightly('');
    const loose = nightly.typed as (...args: unknown[]) => Promise<unknown>;
    const at = '2026-01-05T02:00:00Z';
    expect(await loose('5', at, true, ['a'], 7)).toEqual(['number', true, true, 1, 7]);
    for (const wrong of [
      ['five', at, true, [], 0],
      [5, 'soon', true, [], 0],
      [5, at, 'yes', [], 0],
      [5, at, true, 'abc', 0],
    ]) {
      await expect(loose(...wrong)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
  });

  it('give the typed wrapper of a method to task(), for options that see its parameters', async () => {
    const nightly = new Nightly('a:');
    const keyed = task(nightly.dump).with({ key: (db) => db.name });
    expect(await keyed({ name: 'x' })).toBe('a:x');
  });
});

describe('what makes no sense', () => {
  const refused = expect.objectContaining({ code: 'OPTIONS_INVALID', hint: expect.any(String) });

  it('is refused where it is written', () => {
    const bare = (): unknown => {
      class Bare {
        // @ts-expect-error -- the parentheses are missing
        @task
        async m(n: number): Promise<number> {
          return n;
        }
      }
      return Bare;
    };
    expect(bare).toThrow(refused);
    const misspelt = (): unknown => {
      class Misspelt {
        // @ts-expect-error -- a typo
        @task({ retrys: 3 })
        async m(n: number): Promise<number> {
          return n;
        }
      }
      return Misspelt;
    };
    expect(misspelt).toThrow(refused);
  });

  it('is not wrapped by submit() and map()', () => {
    const plain = { m: async (n: number) => n };
    expect(() => submit(plain.m, 1)).toThrow(refused);
    expect(() => map(plain.m, [1])).toThrow(refused);
    expect(() => submit(new Nightly('').run, [])).toThrow(refused);
  });

  it('is refused by the wrappers', () => {
    const named = { name: 'n' };
    const makers: (() => unknown)[] = [
      () => task(async (n: number) => n),
      () => task(Nightly as never, named),
      () => task(flow(async () => 1, named) as never),
      () => task(async () => 1, { name: 'bad\0' }),
      () => task(async () => 1, { ...named, timeout: 0 }),
      () => task(async () => 1, { ...named, maxRecoveries: -1 }),
      () => task(async () => 1, { ...named, retryIf: true as never }),
      () => task(async () => 1, named).with({ concurrency: 0 }),
      () => createEngine({ store: memoryRunStore(), flows: [task(async () => 1, named)] }),
      () =>
        createEngine({
          store: memoryRunStore(),
          flows: [flow(async () => 1, named), flow(async () => 2, named)],
        }),
    ];
    for (const make of makers) expect(make).toThrow(refused);
  });
});
