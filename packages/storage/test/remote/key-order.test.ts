import { compareObjectKeys } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedOrder, sortedByUtf8 } from '../../src/remote/key-order.ts';

async function* infos(keys: readonly string[]): AsyncGenerator<ObjectInfo> {
  for (const key of keys) yield { key, bytes: 1, modifiedAt: 1 };
}

async function keysOf(listing: AsyncIterable<ObjectInfo>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listing) keys.push(key);
  return keys;
}

const sign = fc.constantFrom('a', 'b', '/', '\ud7ff', '\ue000', '\uff5e', '\u{10000}', '\u{1f5c4}');
const keys = fc.uniqueArray(
  fc.array(sign, { minLength: 1, maxLength: 5 }).map((signs) => signs.join('')),
  { maxLength: 30 },
);

describe('a listing in another order', () => {
  it('is brought into that of UTF-8, from the order of UTF-16 and from its own', async () => {
    const property = fc.asyncProperty(keys, async (some) => {
      const expected = some.toSorted(compareObjectKeys);
      expect(await keysOf(sortedByUtf8(infos(some.toSorted())))).toEqual(expected);
      expect(await keysOf(sortedByUtf8(infos(expected)))).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('is not held back where it is the same', async () => {
    let given = 0;
    async function* counting(): AsyncGenerator<ObjectInfo> {
      for await (const info of infos(['a', 'b', 'c'])) {
        given++;
        yield info;
      }
    }
    for await (const { key } of sortedByUtf8(counting())) {
      expect(key).toBe('a');
      break;
    }
    expect(given).toBe(1);
  });
});

describe('a listing that is checked', () => {
  it('passes in its order, and fails where it is broken or repeated', async () => {
    const ordered = ['a', 'b', '\uff5e', '\u{1f5c4}'];
    expect(await keysOf(checkedOrder(infos(ordered), 's3://b'))).toEqual(ordered);
    for (const broken of [
      ['a', 'c', 'b'],
      ['a', 'a'],
      ['\u{1f5c4}', '\uff5e'],
    ]) {
      const checking = keysOf(checkedOrder(infos(broken), 's3://b'));
      await expect(checking).rejects.toMatchObject({
        problem: 'invalid',
        message: expect.stringContaining('s3://b lists'),
      });
    }
  });
});
