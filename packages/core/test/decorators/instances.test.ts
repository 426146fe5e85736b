import { describe, expect, it } from 'vitest';
import { createEngine, flow, map, memoryRunStore, submit, task, type Task } from '@holdfast/core';
import { engineInMemory, refusalOf } from './support.ts';

const SECRET_NAME = Symbol('dump');

class Nightly {
  readonly prefix: string;
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

  @flow({ name: 'Nightly one' })
  async one(name: string): Promise<string> {
    return submit(this.dump, name);
  }

  @task()
  async [SECRET_NAME](name: string): Promise<string> {
    return `${this.prefix}-${name}`;
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
    const { dump, run } = new Nightly('a');
    expect(members(dump).taskName).toBe('dump');
    expect(dump.name).toBe('dump');
    expect(run).toHaveProperty('flowName', 'run');
    expect(new Nightly('a').one).toHaveProperty('flowName', 'Nightly one');
  });

  it('is no property to be listed', () => {
    expect(Object.keys(new Nightly('a'))).not.toContain('dump');
  });

  it('may have a symbol as its key', async () => {
    const nightly = new Nightly('a');
    expect(members(nightly[SECRET_NAME]).taskName).toBe('Symbol(dump)');
    expect(nightly[SECRET_NAME]).toBe(nightly[SECRET_NAME]);
    expect(await nightly[SECRET_NAME]('x')).toBe('a-x');
  });

  it('may be static', async () => {
    expect(members(Nightly.size).taskName).toBe('size');
    expect(await Nightly.size('abc')).toBe('Nightly 3');
    expect(await Weekly.size('abc')).toBe('Weekly 3');
  });

  it('can be replaced on an instance, as a test does', async () => {
    const nightly = new Nightly('a');
    nightly.dump = async () => 'replaced';
    expect(await nightly.dump('x')).toBe('replaced');
    expect(await new Nightly('b').dump('x')).toBe('b:x');
  });

  it('works on an instance that is frozen', async () => {
    expect(await Object.freeze(new Nightly('a'))[SECRET_NAME]('x')).toBe('a-x');
  });
});

describe('a subclass', () => {
  it('overrides a task with a task, and calls the one above', async () => {
    const weekly = new Weekly('w');
    expect(await weekly.dump('x')).toBe('weekly w:x');
    expect(weekly.dumped).toBe(1);
    expect(members(weekly.dump).taskName).toBe('dump');
    expect(await engineInMemory().run(weekly.run, [['x']])).toEqual(['weekly w:x:checked']);
  });

  it('overrides a task with a plain method, which is no task any more', async () => {
    const monthly = new Monthly('m');
    expect(await monthly.dump('x')).toBe('monthly m:x');
    expect('submit' in monthly.dump).toBe(false);
    await expect(engineInMemory().run(monthly.run, [['x']])).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      hint: expect.stringContaining('@task()'),
    });
  });

  it('inherits what it does not override', async () => {
    expect(await engineInMemory().run(new Weekly('w').one, ['x'])).toBe('weekly w:x');
  });
});

describe('an engine', () => {
  it('runs a decorated flow with the state of its instance', async () => {
    const nightly = new Nightly('n');
    expect(await engineInMemory().run(nightly.run, [['x', 'y']])).toEqual([
      'n:x:checked',
      'n:y:checked',
    ]);
    expect(nightly.dumped).toBe(2);
  });

  it('runs the flows of two instances, each with its own state', async () => {
    const engine = engineInMemory();
    const [a, b] = [new Nightly('a'), new Nightly('b')];
    const results = await Promise.all([engine.run(a.one, ['x']), engine.run(b.one, ['x'])]);
    expect(results).toEqual(['a:x', 'b:x']);
    const runs = await engine.runs({ topLevel: true });
    expect(runs.map((run) => run.name)).toEqual(['Nightly one', 'Nightly one']);
  });

  it('records the tasks under the names of their methods', async () => {
    const engine = engineInMemory();
    const handle = await engine.start(new Nightly('a').run, [['x']]);
    await handle.result();
    const below = await engine.below(handle.id);
    expect(below.map((run) => [run.name, run.tags])).toEqual([
      ['dump', ['night']],
      ['check', []],
    ]);
  });

  it('refuses a task in place of a flow', async () => {
    await expect(engineInMemory().run(new Nightly('a').dump, ['x'])).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
  });
});

describe('task(this.dump)', () => {
  it('is the task itself', () => {
    const nightly = new Nightly('a');
    expect(task(nightly.dump)).toBe(nightly.dump);
  });

  it('is derived with options that know its parameters', async () => {
    const nightly = new Nightly('a');
    const keyed = task(nightly.dump).with({ key: (name) => `key ${name}` });
    const both = flow(async () => [await keyed('x'), await keyed('x')], { name: 'both' });
    expect(await engineInMemory().run(both)).toEqual(['a:x', 'a:x']);
    expect(nightly.dumped).toBe(1);
    expect(keyed.taskName).toBe('dump');
  });

  it('with options of its own is derived, too, and drops none of them', async () => {
    const nightly = new Nightly('a');
    const keyed = task(nightly.dump, { key: () => 'same' });
    const both = flow(async () => [await keyed('x'), await keyed('x')], { name: 'both' });
    expect(await engineInMemory().run(both)).toEqual(['a:x', 'a:x']);
    expect(nightly.dumped).toBe(1);
  });
});

describe('submit() and map()', () => {
  it('refuse what is no task', () => {
    const plain = async (name: string): Promise<string> => name;
    const nightly = new Nightly('a');
    for (const refused of [
      () => submit(plain, 'x'),
      () => map(plain, ['x']),
      () => submit(nightly.run, ['x']),
      () => submit(undefined as unknown as typeof plain, 'x'),
    ]) {
      expect(refusalOf(refused)).toMatchObject({
        code: 'OPTIONS_INVALID',
        message: expect.stringContaining('no task'),
        hint: expect.stringContaining('task()'),
      });
    }
  });
});

it('two instances of one class cannot give an engine flows of one name', () => {
  const [a, b] = [new Nightly('a'), new Nightly('b')];
  const store = memoryRunStore();
  expect(refusalOf(() => createEngine({ store, flows: [a.run, b.run] }))).toMatchObject({
    code: 'OPTIONS_INVALID',
    message: expect.stringContaining("two flows are named 'run'"),
  });
  expect(() => createEngine({ store, flows: [a.run, a.run, b.one] })).not.toThrow();
});
