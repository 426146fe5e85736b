import assert from 'node:assert/strict';
import type { GetOptions } from '../../store/object-store.ts';
import type { ObjectStoreCheck } from './check.ts';
import { assertBytes, assertProblem, contents, KIB, MIB, read } from './probes.ts';

const SIZE = 2 * MIB + 100;

/** A range, and what it stands for as arguments of `slice`. */
const RANGES: readonly (readonly [GetOptions, number, number])[] = [
  [{}, 0, SIZE],
  [{ start: 0 }, 0, SIZE],
  [{ start: 0, end: 1 }, 0, 1],
  [{ end: 10 }, 0, 10],
  [{ start: 1 }, 1, SIZE],
  [{ start: SIZE - 1 }, SIZE - 1, SIZE],
  [{ start: 64 * KIB - 1, end: 64 * KIB + 1 }, 64 * KIB - 1, 64 * KIB + 1],
  [{ start: MIB - 5, end: 2 * MIB + 5 }, MIB - 5, 2 * MIB + 5],
  [{ start: 100, end: SIZE }, 100, SIZE],
  [{ start: 100, end: SIZE + 50 }, 100, SIZE],
];

/** That a range is half open, ends with the object, and is never quietly the whole. */
export const rangeChecks: readonly ObjectStoreCheck[] = [
  {
    name: 'reads from start up to, but without, end',
    async run({ store }) {
      const bytes = contents(SIZE);
      await store.put('a', bytes);
      for (const [options, start, end] of RANGES) {
        const range = JSON.stringify(options);
        assertBytes(await read(store, 'a', options), bytes.slice(start, end), `get ${range}`);
      }
    },
  },
  {
    name: 'reads nothing where a range holds nothing',
    async run({ store }) {
      await store.put('a', contents(100));
      await store.put('empty', new Uint8Array(0));
      const empty: [string, GetOptions][] = [
        ['a', { start: 5, end: 5 }],
        ['a', { start: 0, end: 0 }],
        ['a', { start: 100 }],
        ['a', { start: 100, end: 200 }],
        ['a', { start: 4000 }],
        ['empty', {}],
        ['empty', { start: 0 }],
        ['empty', { start: 0, end: 10 }],
        ['empty', { start: 3 }],
      ];
      for (const [key, options] of empty) {
        const bytes = await read(store, key, options);
        assert.equal(bytes.byteLength, 0, `bytes of '${key}' in ${JSON.stringify(options)}`);
      }
    },
  },
  {
    name: 'refuses a range that makes no sense',
    async run({ store }) {
      await store.put('a', contents(100));
      const senseless: GetOptions[] = [
        { start: -1 },
        { end: -1 },
        { start: 1.5 },
        { end: Number.NaN },
        { start: Number.POSITIVE_INFINITY },
        { start: 10, end: 9 },
      ];
      for (const options of senseless) {
        const what = `get from ${options.start} to ${options.end}`;
        await assertProblem(() => read(store, 'a', options), 'invalid', what);
      }
    },
  },
];
