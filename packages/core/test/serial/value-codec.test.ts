import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HoldfastError, secret, type JsonValue } from '@holdfast/core';
import { valueCodec } from '../../src/serial/value-codec.ts';

const codec = valueCodec();
/** Over JSON text, as through any store. */
const there = (value: unknown): unknown =>
  codec.decode(JSON.parse(JSON.stringify(codec.encode(value))) as JsonValue);

describe('a round trip', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['-0', -0],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['a bigint', -(2n ** 80n)],
    ['a date', new Date(1_767_571_200_123)],
    ['an invalid date', new Date(Number.NaN)],
    ['a map of maps', new Map<unknown, unknown>([[{ a: 1 }, new Map([[1n, undefined]])]])],
    ['a set', new Set([1, '1', -0, new Date(0)])],
    ['undefined in objects and arrays', { a: undefined, b: [undefined, null] }],
    ['an object with a $ key', { $: 'date', v: 5 }],
    ['nested $ keys', { $: { $: { $: undefined } } }],
    ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
    ['a Buffer', Buffer.from('é\0x')],
    ['an empty Uint8Array', new Uint8Array()],
    ['a Uint8ClampedArray', new Uint8ClampedArray([1, 300])],
    ['an Int16Array', new Int16Array([-1, 2])],
    ['a Float64Array', new Float64Array([Number.NaN, -0, 1.5])],
    ['a BigUint64Array', new BigUint64Array([2n ** 63n])],
    ['a DataView', new DataView(new Uint8Array([9, 8]).buffer)],
    ['texts that databases dislike', ['\0', '\ud800', '\u2028', '"\\']],
  ])('keeps %s', (_name, value) => {
    expect(there(value)).toStrictEqual(value);
  });

  it('keeps a part of a larger buffer alone, and shares nothing', () => {
    const whole = new Uint8Array([1, 2, 3, 4]);
    const back = there(whole.subarray(1, 3)) as Uint8Array;
    expect(back).toStrictEqual(new Uint8Array([2, 3]));
    expect(back.buffer.byteLength).toBe(2);
  });

  it('keeps a key named __proto__ as a key', () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":1},"a":{"__proto__":2}}');
    const back = there(value) as { polluted?: unknown };
    expect(JSON.stringify(back)).toBe(JSON.stringify(value));
    expect(back.polluted).toBeUndefined();
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });

  it('keeps what another realm made', () => {
    const value: unknown = runInNewContext(
      '({ a: [new Date(5), new Map([[1, new Set([2])]])], e: new TypeError("far") })',
    );
    const back = there(value) as { a: unknown[]; e: Error };
    expect(back.a).toStrictEqual([new Date(5), new Map([[1, new Set([2])]])]);
    expect(back.e).toMatchObject({ name: 'TypeError', message: 'far' });
  });

  it('keeps a subclass of a typed array as what it extends', () => {
    class Chunk extends Uint8Array {}
    expect(there(new Chunk([1, 2]))).toStrictEqual(new Uint8Array([1, 2]));
  });

  it('keeps any plain data', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.boolean(),
      fc.bigInt(),
      fc.date(),
      fc.constant(undefined),
      fc.constant(null),
      fc.uint8Array(),
    );
    const key = fc.oneof(fc.string(), fc.constantFrom('$', 'v', '__proto__', 'constructor'));
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
        fc.array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 3 }).map((each) => new Map(each)),
        fc.array(tie('tree'), { maxLength: 3 }).map((each) => new Set(each)),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(isDeepStrictEqual(there(value), value)).toBe(true);
      }),
    );
  });
});

describe('errors', () => {
  it('keep name, message, code, hint, context, cause and members', () => {
    const cause = Object.assign(new RangeError('deep'), { code: 'E_DEEP', retryable: false });
    const coded = new HoldfastError('X_Y', 'what', { hint: 'do', cause, context: { n: 1 } });
    expect(there(coded)).toMatchObject({
      name: 'HoldfastError',
      code: 'X_Y',
      hint: 'do',
      context: { n: 1 },
      retryable: true,
      stack: coded.stack,
      cause: { name: 'RangeError', code: 'E_DEEP', retryable: false, message: 'deep' },
    });
    expect(there(coded)).toBeInstanceOf(HoldfastError);
    const many = there(new AggregateError([cause, 'text'], 'several')) as AggregateError;
    expect(many).toBeInstanceOf(AggregateError);
    expect(many.errors).toMatchObject([{ code: 'E_DEEP' }, { message: 'text' }]);
  });

  it('keep as many members as somebody may read', () => {
    const errors = Array.from({ length: 5000 }, (_, n) => new Error(String(n)));
    const back = there(new AggregateError(errors, '5000 failed')) as AggregateError;
    expect(back.errors).toHaveLength(100);
    expect(back.message).toBe('5000 failed');
  });

  it('are kept whatever they are made of', () => {
    const odd = Object.assign(new Error('odd'), { name: Symbol('s'), message: 5 });
    (odd as Error).cause = odd;
    expect(there(odd)).toMatchObject({ message: '5' });
    const context = { big: 5n, nan: Number.NaN, fn: () => 1 } as never;
    expect(there(new HoldfastError('X_Y', 'x', { context }))).toMatchObject({ code: 'X_Y' });
  });

  it('list no name and no stack among their members', () => {
    expect(Object.keys(there(new Error('plain')) as object)).toEqual([]);
  });
});

describe('what travels by name', () => {
  class Vault {
    readonly kind = 'vault';
  }
  const [vault, plain, map] = [new Vault(), { pool: true }, new Map()];
  const known = new Map<unknown, string>([
    [vault, 'vault'],
    [plain, 'plain'],
    [map, 'map'],
  ]);
  const named = valueCodec({
    nameOf: (value) => known.get(value),
    resource: (name) => [...known].find(([, each]) => each === name)?.[0],
  });

  it('is the very object', () => {
    const back = named.decode(named.encode({ vault, list: [plain], map })) as {
      [key: string]: unknown;
    };
    expect(back['vault']).toBe(vault);
    expect(back['list']).toEqual([plain]);
    expect(back['map']).toBe(map);
    expect(JSON.stringify(named.encode(plain))).not.toContain('pool');
  });

  it('is a Secret by its reference', () => {
    const value = secret('env:PGPASSWORD');
    expect(there({ value })).toStrictEqual({ value });
    expect(JSON.stringify(codec.encode(value))).toContain('env:PGPASSWORD');
  });
});

describe('a refusal', () => {
  class Socket {
    readonly open = true;
  }
  const loop: { self?: unknown } = {};
  loop.self = loop;
  it.each<[string, unknown, string]>([
    ['a function', { a: [1, () => 1] }, 'a.1'],
    ['a symbol', { a: Symbol('x') }, 'a'],
    ['an instance', { deep: { list: [null, new Socket()] } }, 'deep.list.1'],
    ['a promise', [Promise.resolve()], '0'],
    ['a regular expression', { r: /x/ }, 'r'],
    ['a cycle', { in: loop }, 'in.self'],
    ['a WeakMap', new WeakMap(), ''],
  ])('of %s says where it stands', (_name, value, path) => {
    expect(() => codec.encode(value)).toThrow(
      expect.objectContaining({ code: 'NOT_SERIALISABLE', retryable: false, context: { path } }),
    );
  });

  it('does not take the same object twice for a cycle', () => {
    const shared = { a: 1 };
    expect(there([shared, shared])).toStrictEqual([{ a: 1 }, { a: 1 }]);
  });

  it.each([
    { $: 'unheard of', v: 1 },
    { $: 'bytes', kind: 'Nonsense', v: '' },
  ])('of what was written by somebody else: %j', (json) => {
    expect(() => codec.decode(json)).toThrow(
      expect.objectContaining({ code: 'STORED_VALUE_INVALID' }),
    );
  });
});
