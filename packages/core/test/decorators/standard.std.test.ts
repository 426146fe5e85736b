import { describe, expect, it } from 'vitest';
import { createEngine, flow, map, memoryRunStore, submit, task } from '@holdfast/core';

const engine = createEngine({ store: memoryRunStore() });

class Nightly {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  @task({ retries: 1 })
  async dump(name: string): Promise<string> {
    return this.prefix + name;
  }

  check = task(async (text: string) => `${this.prefix}${text}`, { name: 'check' });

  @flow()
  async run(names: string[]): Promise<string[]> {
    const one = await submit(this.dump, 'one');
    return [one, ...(await this.check.map(map(this.dump, names)))];
  }
}

class Weekly extends Nightly {
  override async dump(name: string): Promise<string> {
    return `weekly ${name}`;
  }
}

class Monthly extends Nightly {
  @task()
  override async dump(name: string): Promise<string> {
    return `monthly ${await super.dump(name)}`;
  }
}

describe('standard decorators', () => {
  it('bind per instance, submit and map', async () => {
    const [a, b] = [new Nightly('a:'), new Nightly('b:')];
    expect(await engine.run(a.run, [['x']])).toEqual(['a:one', 'a:a:x']);
    expect(await engine.run(b.run, [[]])).toEqual(['b:one']);
    const { dump } = a;
    expect(await dump('detached')).toBe('a:detached');
    expect(a.dump).not.toBe(b.dump);
  });

  it('let overrides win, decorated or not', async () => {
    expect(await new Weekly('w:').dump('x')).toBe('weekly x');
    expect('submit' in new Weekly('w:').dump).toBe(false);
    expect(await new Monthly('m:').dump('x')).toBe('monthly m:x');
  });

  it('refuse what makes no sense where it is written', () => {
    const refused = expect.objectContaining({ code: 'OPTIONS_INVALID' });
    expect(() => {
      class Bare {
        // @ts-expect-error -- the parentheses are missing
        @task
        async m(n: number): Promise<number> {
          return n;
        }
      }
      return Bare;
    }).toThrow(refused);
    expect(() => {
      class Hidden {
        // @ts-expect-error -- nobody outside could call it as a task
        @task()
        async #m(n: number): Promise<number> {
          return n;
        }

        m(): Promise<number> {
          return this.#m(1);
        }
      }
      return Hidden;
    }).toThrow(refused);
    expect(() => {
      class Misspelt {
        @task({ timeout: 'soon' })
        async m(n: number): Promise<number> {
          return n;
        }
      }
      return Misspelt;
    }).toThrow(expect.objectContaining({ code: 'DURATION_INVALID' }));
  });
});
