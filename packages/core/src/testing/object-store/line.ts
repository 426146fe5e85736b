import assert from 'node:assert/strict';
import { objectStoreProblem } from '../../store/object-store.ts';
import type { ObjectStore } from '../../store/object-store.ts';
import type { Line } from '../faulty-line.ts';
import { heldBody } from './bodies.ts';
import type { ObjectStoreCheck, ObjectStoreSubject } from './check.ts';
import {
  assertBytes,
  assertHolds,
  assertNothing,
  assertProblem,
  contents,
  failureOf,
  inChunks,
  keysOf,
  MIB,
  read,
  within,
} from './probes.ts';

type Signalled = { readonly signal?: AbortSignal };

const CHUNK = 64 * 1024;
/** At how many places a write is cut. */
const CUTS = 8;

/** Every call that asks the service, by its name. */
function callsOf(store: ObjectStore, options: Signalled = {}): [string, () => Promise<unknown>][] {
  const reading = async (): Promise<void> => {
    for await (const chunk of store.get('there', options)) assert.ok(chunk.byteLength > 0);
  };
  const listing = async (): Promise<void> => {
    for await (const { key } of store.list('', options)) assert.ok(key !== '');
  };
  return [
    ['put', () => store.put('new', inChunks(contents(1000), 100), options)],
    ['get', reading],
    ['head', () => store.head('there', options)],
    ['list', listing],
    ['delete', () => store.delete('there', options)],
  ];
}

function lineOf(subject: ObjectStoreSubject): Line {
  return subject.line!;
}

/** Fails with the error of a lost connection: what came half way counts as `incomplete` at most. */
async function assertLost(call: () => Promise<unknown>, what: string): Promise<void> {
  const error = await failureOf(call, what);
  const problem = objectStoreProblem(error);
  assert.ok(problem === 'unavailable' || problem === 'incomplete', `${what}: ${String(error)}`);
}

/** Waits until nothing happens any more; that something does not happen shows in time alone. */
async function quiet(progress: () => number): Promise<void> {
  let last: number;
  do {
    last = progress();
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (progress() !== last);
}

/** That a bad line is told from an empty place, and half of an object from all of it. */
export const lineChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'says that its service cannot be reached, and works again when it can',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      await store.put('there', contents(1000));
      for (const how of ['end', 'reset'] as const) {
        lineOf(subject).cut({ up: 0, how });
        for (const [name, call] of callsOf(store)) await assertProblem(call, 'unavailable', name);
        lineOf(subject).mend();
        await assertHolds(store, 'there', contents(1000));
        assert.deepEqual(await keysOf(store), ['there']);
      }
    },
  },
  {
    name: 'keeps nothing of a write whose line is cut, and keeps what was there',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      const bytes = contents(subject.largeBytes ?? 3 * MIB, 2);
      await store.put('old', contents(1000));
      for (const share of [0.01, 0.5, 0.99]) {
        for (const key of ['old', 'new']) {
          lineOf(subject).cut({ up: Math.floor(bytes.byteLength * share) });
          const body = inChunks(bytes, CHUNK);
          await assertProblem(() => store.put(key, body), 'unavailable', `put, cut at ${share}`);
          lineOf(subject).mend();
          await assertHolds(store, 'old', contents(1000));
          await assertNothing(store, 'new');
        }
      }
    },
  },
  {
    name: 'has the old object or the new one, wherever its line is cut',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      const line = lineOf(subject);
      await store.put('a', contents(1000));
      const before = line.passed.up;
      let old = contents(2000);
      await store.put('a', old);
      const usual = line.passed.up - before;
      for (let step = 0; step < CUTS; step++) {
        const bytes = contents(3000 + step, step);
        line.cut({ up: Math.floor((usual * step) / CUTS) });
        const isLost = await store.put('a', bytes).then(
          () => false,
          (error: unknown) => objectStoreProblem(error) ?? Promise.reject(error as Error),
        );
        line.mend();
        const { bytes: size } = (await store.head('a'))!;
        const isNew = !isLost || size === bytes.byteLength;
        if (isNew) old = bytes;
        assert.equal(size, old.byteLength, `what head tells after a cut at ${step}/${CUTS}`);
        await assertHolds(store, 'a', old);
      }
    },
  },
  {
    name: 'takes what a slow line gives it in pieces for what it is',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      await store.put('a', contents(10));
      lineOf(subject).slow(200);
      await store.put('a', inChunks(contents(50_000), 7000));
      await assertHolds(store, 'a', contents(50_000));
      assert.deepEqual(await keysOf(store), ['a']);
      lineOf(subject).mend();
      await assertHolds(store, 'a', contents(50_000));
    },
  },
  {
    name: 'never takes half of an object for the whole when the answer is lost',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      const bytes = contents(subject.largeBytes ?? 3 * MIB, 2);
      for (const down of [0, 10, 300]) {
        lineOf(subject).cut({ down });
        await store.put('a', inChunks(bytes, CHUNK)).catch((error: unknown) => {
          assert.equal(objectStoreProblem(error), 'unavailable', String(error));
        });
        lineOf(subject).mend();
        if (await store.head('a')) await assertHolds(store, 'a', bytes);
        await store.delete('a');
      }
    },
  },
  {
    name: 'never ends a read early when its line is cut',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      const bytes = contents(subject.largeBytes ?? 3 * MIB);
      await store.put('a', bytes);
      for (const how of ['end', 'reset'] as const) {
        lineOf(subject).cut({ down: Math.floor(bytes.byteLength / 2), how });
        await assertLost(() => read(store, 'a'), 'a read that was cut');
        lineOf(subject).mend();
        assertBytes(await read(store, 'a'), bytes, 'the next read');
      }
    },
  },
  {
    name: 'lets go of a line that hangs at once when told to',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      await store.put('there', contents(1000));
      const reason = new Error('cancelled');
      for (const index of callsOf(store).keys()) {
        const controller = new AbortController();
        const [name, call] = callsOf(store, { signal: controller.signal })[index]!;
        lineOf(subject).stall();
        const failure = failureOf(call, name);
        await quiet(() => lineOf(subject).passed.up);
        controller.abort(reason);
        assert.equal(await within(subject, `the aborted ${name}`, failure), reason, name);
        lineOf(subject).mend();
      }
      // What was on its way already may have been done when the line went on: all of it.
      if (await store.head('new')) await assertHolds(store, 'new', contents(1000));
    },
  },
  {
    name: 'asks a body for no more than a little beyond what the line takes',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      const most = subject.aheadBytes ?? 64 * MIB;
      let given = 0;
      const reason = new Error('cancelled');
      const controller = new AbortController();
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          given += CHUNK;
          if (given > most) return;
          yield contents(CHUNK);
        }
      }
      lineOf(subject).stall();
      const put = failureOf(() => store.put('a', endless(), { signal: controller.signal }), 'put');
      await quiet(() => given);
      controller.abort(reason);
      lineOf(subject).mend();
      assert.equal(await within(subject, 'the aborted put', put), reason);
      assert.ok(given <= most, `${given} bytes were asked for while nothing was taken`);
    },
  },
  {
    name: 'asks the line for no more than a little beyond what is read',
    needs: 'line',
    async run(subject) {
      const { store } = subject;
      const size = 40 * MIB;
      const body = heldBody(Array.from({ length: 40 }, () => contents(MIB)));
      body.end();
      await store.put('a', body);
      const before = lineOf(subject).passed.down;
      const taken = (): number => lineOf(subject).passed.down - before;
      for await (const chunk of store.get('a')) {
        assert.ok(chunk.byteLength < size, 'a big object comes in chunks');
        await quiet(taken);
        break;
      }
      assert.ok(taken() < size - 8 * MIB, `${taken()} bytes were taken for one chunk`);
    },
  },
];
