import { afterAll, describe, expect, it } from 'vitest';
import { createEngine, flow, map, memoryRunStore, submit, task, type Task } from '@holdfast/core';

const engine = createEngine({ store: memoryRunStore() });
afterAll(() => engine.stop());

const KEY = Symbol('dump');

class Nightly {
  readonly prefix: string;
  readonly #secret = '!';
  dumped = 0;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  @task({ tags: ['night'] })
  async dump(name: string): Promise<string> {
    this.dumped++;
    return `${this.prefix}:${name}`;
  }

  check = task(async (id: string) => `${id}:${this.suffix}`, { name: 'check' });

  suffix = 'checked';

  @flow()
  async run(names: string[]): Promise<string[]> {
    return this.check.map(map(this.dump, names));
  }

  @flow()
  async plain(name: string): Promise<string> {
    return this.dump(name);
  }

  @flow({ name: 'Nightly one' })
  async one(name: string): Promise<string> {
    return submit(this.dump, name);
  }

  @task()
  async [KEY](name: string): Promise<string> {
    return `${this.prefix}-${name}${this.#secret}`;
  }

  @task()
  async generic<T>(items: T[]): Promise<T | undefined> {
    return items[0];
  }

  @task()
  static async size(text: string): Promise<string> {
    return `${this.name} ${text.length}`;
  }
}

class Weekly extends Nightly {
  @task({ retries: 1 })
  override async dump(name: string): Promise<string> {
    return `weekly ${await super.dump(name)}`;
  }
}

class Monthly extends Nightly {
  override async dump(name: string): Promise<string> {
    return `monthly ${await super.dump(name)}`;
  }
}

function members(method: unknown): Task<() => Promise<unknown>> {
  return method as Task<() => Promise<unknown>>;
}

describe('a decorated method', () => {
  it('is bound to its instance, once', async () => {
    const [a, b] = [new Nightly('a'), new Nightly('b')];
    expect(a.dump).toBe(a.dump);
    expect(a.dump).not.toBe(b.dump);
    const { dump } = a;
    expect(await dump('x')).toBe('a:x');
    expect(await b.dump('x')).toBe('b:x');
    expect([a.dumped, b.dumped]).toEqual([1, 1]);
  });

  it('is a task, named after its key', () => {
    const { dump, run, one } = new Nightly('a');
    expect(members(dump).taskName).toBe('dump');
    expect(dump.name).toBe('dump');
    expect(run).toHaveProperty('flowName', 'run');
    expect(one).toHaveProperty('flowName', 'Nightly one');
  });

  it('is no property to be listed', () => {
    expect(Object.keys(new Nightly('a'))).not.toContain('dump');
  });

  it('may have a symbol as its key, and read what is private', async () => {
    const nightly = new Nightly('a');
    expect(members(nightly[KEY]).taskName).toBe('Symbol(dump)');
    expect(nightly[KEY]).toBe(nightly[KEY]);
    const { [KEY]: dump } = nightly;
    expect(await dump('x')).toBe('a-x!');
  });

  it('stays generic', async () => {
    const first: number | undefined = await new Nightly('a').generic([1]);
    expect(first).toBe(1);
  });

  it('may be static', async () => {
    expect(members(Nightly.size).taskName).toBe('size');
    expect(Nightly.size).toBe(Nightly.size);
    expect(await Nightly.size('abc')).toBe('Nightly 3');
    expect(await Weekly.size('abc')).toBe('Weekly 3');
  });

  it('can be replaced on an instance, as a test does', async () => {
    const nightly = new Nightly('a');
    nightly.dump = async () => 'replaced';
    expect(await nightly.dump('x')).toBe('replaced');
    expect(await new Nightly('b').dump('x')).toBe('b:x');
  });
});

describe('a subclass', () => {
  it('overrides a task with a task, and calls the one above', async () => {
    const weekly = new Weekly('w');
    expect(await weekly.dump('x')).toBe('weekly w:x');
    expect(weekly.dumped).toBe(1);
    expect(members(weekly.dump).taskName).toBe('dump');
    expect(await engine.run(weekly.run, [['x']])).toEqual(['weekly w:x:checked']);
  });

  it('calls the one above as a task of its own', async () => {
    const handle = await engine.start(new Monthly('m').plain, ['x']);
    expect(await handle.result()).toBe('monthly m:x');
    const below = await engine.below(handle.id);
    expect(below.map((run) => run.name)).toEqual(['dump']);
  });

  it('overrides a task with a plain method, which is no task any more', async () => {
    const monthly = new Monthly('m');
    expect(await monthly.dump('x')).toBe('monthly m:x');
    expect('submit' in monthly.dump).toBe(false);
    await expect(engine.run(monthly.run, [['x']])).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      hint: expect.stringContaining('@task()'),
    });
  });

  it('inherits what it does not override', async () => {
    expect(await engine.run(new Weekly('w').one, ['x'])).toBe('weekly w:x');
  });
});

describe('an engine', () => {
  it('runs a decorated flow with the state of its instance', async () => {
    const nightly = new Nightly('n');
    expect(await engine.run(nightly.run, [['x', 'y']])).toEqual(['n:x:checked', 'n:y:checked']);
    expect(nightly.dumped).toBe(2);
  });

  it('runs the flows of two instances, each with its own state', async () => {
    const [a, b] = [new Nightly('a'), new Nightly('b')];
    const results = await Promise.all([engine.run(a.one, ['x']), engine.run(b.one, ['x'])]);
    expect(results).toEqual(['a:x', 'b:x']);
  });

  it('derives a task of a method with options that know its parameters', async () => {
    const nightly = new Nightly('a');
    const keyed = task(nightly.dump).with({ key: (name) => `key ${name}` });
    const both = flow(async () => [await keyed('x'), await keyed('x')], { name: 'both' });
    expect(await engine.run(both)).toEqual(['a:x', 'a:x']);
    expect(nightly.dumped).toBe(1);
  });
});
