import { expectTypeOf, it } from 'vitest';
import {
  flow,
  map,
  submit,
  task,
  type Engine,
  type Task,
  type TaskFuture,
  type TaskFutureList,
} from '@holdfast/core';
import type { Backup, Db, IsAny } from './sample.ts';

declare const engine: Engine;

class Nightly {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  @task({ retries: 3, timeout: '30m' })
  async dump(db: Db): Promise<Backup> {
    return { id: this.prefix + db.name, bytes: 1 };
  }

  @task()
  async first<T>(items: T[], deep = false): Promise<T | undefined> {
    return deep ? undefined : items[0];
  }

  check = task(async (backup: Backup) => this.prefix + backup.id, { name: 'check' });

  @flow({ durable: true, runName: 'Nightly {databases}', onFailure: (error) => void error.message })
  async run(databases: Db[]): Promise<string[]> {
    const list = map(this.dump, databases);
    expectTypeOf(list).toEqualTypeOf<TaskFutureList<Backup>>();
    return this.check.map(list);
  }

  whole = flow(async (dbs: Db[]) => ({ checked: this.check.map(map(this.dump, dbs)) }), {
    name: 'whole',
  });
}

const nightly = new Nightly('n');

it('a decorated method keeps its type', () => {
  expectTypeOf(nightly.dump).toEqualTypeOf<(db: Db) => Promise<Backup>>();
  expectTypeOf(nightly.first([1])).toEqualTypeOf<Promise<number | undefined>>();
});

it('submit and map type it as a task', () => {
  const future = submit(nightly.dump, { name: 'a' });
  expectTypeOf(future).toEqualTypeOf<TaskFuture<Backup>>();
  submit(nightly.first, ['a']);
  submit(nightly.first, [future], true);
  // @ts-expect-error -- the field is called name
  submit(nightly.dump, { nam: 'a' });
  // @ts-expect-error -- a database is no list
  map(nightly.dump, { name: 'a' });
});

it('task(this.dump) is the task, with options that know its parameters', () => {
  const again = task(nightly.dump).with({ retries: 1, key: (db) => db.name });
  expectTypeOf(again.map([{ name: 'a' }])).toEqualTypeOf<TaskFutureList<Backup>>();
  // @ts-expect-error -- the field is called name
  task(nightly.dump).with({ key: (db) => db.nam });
});

it('the property form is a task by itself', () => {
  expectTypeOf(nightly.check).toEqualTypeOf<Task<(backup: Backup) => Promise<string>>>();
});

it('a decorated flow is run by an engine', () => {
  expectTypeOf(engine.run(nightly.run, [[]])).toEqualTypeOf<Promise<string[]>>();
  expectTypeOf(engine.run(nightly.whole, [[]])).toEqualTypeOf<Promise<{ checked: string[] }>>();
  // @ts-expect-error -- the argument is a list of databases
  void engine.run(nightly.run, ['x']);
});

it('an override keeps the signature', () => {
  class Weekly extends Nightly {
    @task()
    override async dump(db: Db): Promise<Backup> {
      return super.dump(db);
    }
  }
  expectTypeOf(new Weekly('w').dump).toEqualTypeOf<(db: Db) => Promise<Backup>>();
});

it('static methods are decorated, too', () => {
  class Tools {
    readonly unit = 'bytes';
    @task()
    static async size(text: string): Promise<number> {
      return text.length;
    }
  }
  expectTypeOf(submit(Tools.size, 'a')).toEqualTypeOf<TaskFuture<number>>();
});

it('refuses a decorator without its parentheses', () => {
  class Bare {
    // @ts-expect-error -- a decorator needs its parentheses
    @task
    async dump(db: Db): Promise<Db> {
      return db;
    }
  }
  class BareFlow {
    // @ts-expect-error -- a decorator needs its parentheses
    @flow
    async run(db: Db): Promise<Db> {
      return db;
    }
  }
  void [Bare, BareFlow];
});

it('refuses options that a decorator does not have', () => {
  class Mistyped {
    // @ts-expect-error -- a number of retries is no text
    @task({ retries: '3' })
    async dump(db: Db): Promise<Db> {
      return db;
    }
  }
  class Unknown {
    // @ts-expect-error -- there is no such option
    @task({ retrys: 3 })
    async dump(db: Db): Promise<Db> {
      return db;
    }
  }
  class Keyed {
    // @ts-expect-error -- a decorator cannot see the parameters: task(this.dump).with({ key })
    @task({ key: (db: Db) => db.name })
    async dump(db: Db): Promise<Db> {
      return db;
    }
  }
  class DurableTask {
    // @ts-expect-error -- only flows are durable
    @task({ durable: true })
    async dump(db: Db): Promise<Db> {
      return db;
    }
  }
  void [Mistyped, Unknown, Keyed, DurableTask];
});

it('refuses what is no method that gives a promise', () => {
  class Synchronous {
    // @ts-expect-error -- a decorated method gives a promise, and its type cannot be changed to say so
    @task()
    size(text: string): number {
      return text.length;
    }
  }
  class Getter {
    // @ts-expect-error -- a getter is no method
    @task()
    get size(): number {
      return 1;
    }
  }
  class Field {
    // @ts-expect-error -- a field is no method: wrap its function
    @task()
    size = async (text: string): Promise<number> => text.length;
  }
  // @ts-expect-error -- a class is no method
  @flow()
  class Whole {
    readonly name = 'whole';
  }
  void [Synchronous, Getter, Field, Whole];
});

it('a property that names itself by what is not set yet is refused', () => {
  class Early {
    // @ts-expect-error -- the name is read before it is set
    check = task(async (n: number) => n, { name: this.name });
    name = 'x';
  }
  class Parameter {
    private readonly called: string;
    constructor(called: string) {
      this.called = called;
    }
    late = task(async () => this.called, { name: 'late' });
    // @ts-expect-error -- the constructor has not run yet
    early = task(async () => 1, { name: this.called });
  }
  class Recursive {
    down = task(async (n: number): Promise<number> => (n > 0 ? this.down(n - 1) : 0), {
      name: 'down',
    });
    // @ts-expect-error -- one that calls itself says what it gives
    loop = task(async (n: number) => (n > 0 ? this.loop(n - 1) : 0), { name: 'loop' });
  }
  expectTypeOf<IsAny<Recursive['down']>>().toEqualTypeOf<false>();
  void [Early, Parameter];
});
