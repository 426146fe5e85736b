import { describe, expect, it } from 'vitest';
import { objectStoreChecks } from '../../src/testing/object-store-suite.ts';
import { subjectOf } from './altered-store.ts';
import { CATCHES } from './catches.ts';
import { lineLiars } from './liars-line.ts';
import { unfinishedLiars } from './liars-unfinished.ts';
import { deletingLiars, keyLiars, placeLiars } from './liars-place.ts';
import { listingLiars, readingLiars } from './liars-reading.ts';
import { ifAbsentLiars, writingLiars } from './liars-writing.ts';
import type { Liars } from './liars-writing.ts';

const LIARS: Liars = {
  ...writingLiars,
  ...ifAbsentLiars,
  ...readingLiars,
  ...listingLiars,
  ...deletingLiars,
  ...keyLiars,
  ...placeLiars,
  ...lineLiars,
  ...unfinishedLiars,
};

describe('the checks of an object store', () => {
  it.each(objectStoreChecks)('believe an honest store that $name', async ({ run }) => {
    await run(subjectOf(() => ({})));
  });

  it.each(Object.entries(CATCHES).flatMap(([check, lies]) => lies.map((lie) => [check, lie])))(
    '"%s" catches a store that %s',
    async (name, lie) => {
      const check = objectStoreChecks.find((each) => each.name === name)!;
      const liar = LIARS[lie]!;
      await expect(check.run(subjectOf(liar))).rejects.toThrow(Error);
    },
  );

  it('have names of their own, and none is there for show', () => {
    const names = objectStoreChecks.map(({ name }) => name);
    expect(Object.keys(CATCHES).toSorted()).toEqual(names.toSorted());
  });

  it('leave no lie uncaught', () => {
    expect([...new Set(Object.values(CATCHES).flat())].toSorted()).toEqual(
      Object.keys(LIARS).toSorted(),
    );
  });
});
