import { describe, expect, it } from 'vitest';
import {
  collectFlows,
  collectTasks,
  createEngine,
  flow,
  memoryRunStore,
  task,
} from '@holdfast/core';
import { bench, durableStore, turns } from '../engine/support.ts';
import * as module from './modules/flows.ts';
import { refusalOf } from './support.ts';

const KEY = Symbol('hidden');
const calls: string[] = [];

class Base {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  @task()
  async dump(name: string): Promise<string> {
    return `${this.folder}/${name}`;
  }

  @flow()
  async nightly(name: string): Promise<string> {
    return this.dump(name);
  }

  @flow()
  async hourly(): Promise<string> {
    return 'hourly of base';
  }

  @flow()
  async dropped(): Promise<string> {
    return 'dropped';
  }

  @flow({ name: 'symbol' })
  async [KEY](): Promise<string> {
    return `symbol of ${this.folder}`;
  }

  @flow({ name: 'static' })
  static async all(): Promise<string> {
    return `static of ${this.name}`;
  }
}

class Derived extends Base {
  weekly = flow(async () => `weekly of ${this.folder}`, { name: 'weekly' });
  check = task(async () => 'checked', { name: 'check' });
  count = 3;

  @flow()
  override async hourly(): Promise<string> {
    return 'hourly of derived';
  }

  override async dropped(): Promise<string> {
    return 'plain';
  }

  get lazy(): unknown {
    calls.push('lazy');
    return flow(async () => 'lazy', { name: 'lazy' });
  }

  set lazy(_value: unknown) {
    calls.push('set');
  }
}

function names(flows: readonly { readonly flowName: string }[]): string[] {
  return flows.map(({ flowName }) => flowName).toSorted();
}

describe('collectFlows', () => {
  it('gives those of an instance, inherited ones and those under symbols, bound to it', async () => {
    const flows = collectFlows(new Derived('/d'));
    expect(names(flows)).toEqual(['hourly', 'nightly', 'symbol', 'weekly']);
    const engine = createEngine({ store: memoryRunStore(), flows });
    const results = new Map<string, unknown>();
    for (const each of flows) {
      const args = each.flowName === 'nightly' ? ['shop'] : [];
      results.set(each.flowName, await engine.run(each, args as never));
    }
    expect(Object.fromEntries(results)).toEqual({
      hourly: 'hourly of derived',
      nightly: '/d/shop',
      symbol: 'symbol of /d',
      weekly: 'weekly of /d',
    });
    await engine.stop();
  });

  it('calls no getter that is not ours', () => {
    calls.length = 0;
    const literal = {
      get dear(): unknown {
        calls.push('dear');
        return undefined;
      },
      one: flow(async () => 1, { name: 'one' }),
    };
    const fixed = Object.defineProperties(
      { one: literal.one },
      {
        dear: {
          enumerable: true,
          get: () => {
            calls.push('fixed');
          },
        },
      },
    );
    expect(names(collectFlows(literal))).toEqual(['one']);
    expect(names(collectFlows(fixed))).toEqual(['one']);
    expect(names(collectFlows(new Derived('/d')))).not.toContain('lazy');
    expect(calls).toEqual([]);
  });

  it('gives the exports of a module, each once, whatever names it has', async () => {
    expect(names(collectFlows(module))).toEqual(['nightly', 'weekly']);
    expect(collectFlows(await import('./modules/flows.ts'))).toContain(module.nightly);
    expect(collectTasks(module)).toEqual([module.dump]);
  });

  it('reads a module as bundlers write it', () => {
    const getters = (all: { readonly [name: string]: () => unknown }, target: object): object => {
      for (const [name, get] of Object.entries(all)) {
        Object.defineProperty(target, name, { get, enumerable: true });
      }
      return target;
    };
    const exports = { a: () => module.nightly, b: () => module.limit };
    const rollup = Object.freeze({
      __proto__: null,
      nightly: module.nightly,
      [Symbol.toStringTag]: 'Module',
    });
    const commonJs = getters(exports, Object.defineProperty({}, '__esModule', { value: true }));
    for (const each of [getters(exports, {}), rollup, commonJs]) {
      expect(names(collectFlows(each))).toEqual(['nightly']);
    }
  });

  it('gives the static ones of a class', async () => {
    const [all, ...rest] = collectFlows(Base);
    expect(rest).toEqual([]);
    expect(await (all as () => Promise<unknown>)()).toBe('static of Base');
    expect(names(collectFlows(Derived))).toEqual(['static']);
  });

  it('lets a recovery in another process find the flows of an instance', async () => {
    const store = durableStore();
    const first = bench({ store, flows: collectFlows(new Derived('/d')) });
    const [nightly] = collectFlows(new Derived('/d')).filter((f) => f.flowName === 'nightly');
    const started = first.engine.start(nightly as never, ['shop'] as never);
    await first.engine.stop();
    const handle = await started;
    await turns();
    const second = bench({ store, flows: collectFlows(new Derived('/d')) });
    const { resumed } = await second.engine.recover();
    expect(resumed.map(({ id }) => id)).toEqual([handle.id]);
    expect(await resumed[0]?.result()).toBe('/d/shop');
  });
});

it('collectTasks gives the tasks likewise, and neither complains of the other', () => {
  const tasks = collectTasks(new Derived('/d'));
  expect(tasks.map(({ taskName }) => taskName).toSorted()).toEqual(['check', 'dump']);
  expect(collectTasks({ one: module.nightly })).toEqual([]);
  expect(collectFlows({ one: module.dump })).toEqual([]);
  createEngine({ store: memoryRunStore(), tasks, flows: collectFlows(new Derived('/d')) });
});

describe('is refused', () => {
  it.each<[string, () => unknown, string]>([
    [
      'two flows of one name',
      () => collectFlows({ ...module, b: module.weekly.with({ name: 'nightly' }) }),
      "two flows are named 'nightly': ",
    ],
    [
      'one flow with other options',
      () => collectFlows({ a: module.nightly, b: module.nightly.with({ retries: 1 }) }),
      ': a and b',
    ],
    [
      'two tasks of one name',
      () => collectTasks({ a: module.dump, b: module.dump.with({ retries: 1 }) }),
      "two tasks are named 'dump'",
    ],
    ['a flow itself', () => collectFlows(module.nightly), "'nightly' is a flow itself"],
    ['a class without static ones', () => collectFlows(Error), 'neither flows nor tasks'],
    ['an object without any', () => collectFlows({ deeper: { one: module.nightly } }), 'neither'],
    ['a text', () => collectFlows('flows' as never), 'it was given "flows"'],
    ['nothing', () => collectTasks(undefined as never), 'it was given undefined'],
  ])('%s', (_what, collect, message) => {
    expect(refusalOf(collect)).toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/./),
    });
  });

  it('a module that is not loaded yet', async () => {
    const namespace = {
      [Symbol.toStringTag]: 'Module',
      get one(): unknown {
        throw new ReferenceError("Cannot access 'one' before initialization");
      },
    };
    expect(refusalOf(() => collectFlows(namespace)).message).toContain('no value yet');
    await expect(import('./modules/too-early.ts')).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
  });
});
