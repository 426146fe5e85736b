import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObjectKey } from '../../src/store/object-key.ts';
import { compareObjectKeys } from '../../src/store/object-key-order.ts';

/** Texts that differ late, and near the places where the two orders part. */
const key = fc
  .array(fc.constantFrom('a', '/', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'), {
    maxLength: 6,
  })
  .map((signs) => signs.join(''));

describe('compareObjectKeys', () => {
  it('orders as the bytes of UTF-8 do', () => {
    const sameAsBytes = fc.property(key, key, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareObjectKeys(a, b))).toBe(expected);
    });
    fc.assert(sameAsBytes, { numRuns: 2000 });
    expect(compareObjectKeys('\uff5e', '\u{1f5c4}')).toBeLessThan(0);
  });
});

describe('isObjectKey', () => {
  it('tells the keys of a store from other names', () => {
    expect(['a/b', '.holdfast', 'holdfast-a'].map(isObjectKey)).toEqual([true, true, true]);
    const others = ['a/', '/a', 'e\u0301', '.holdfast-tmp', 'a/.HOLDFAST-x', ''];
    expect(others.filter(isObjectKey)).toEqual([]);
  });
});
