import { describe, it } from 'vitest';
import { atomicityChecks } from './object-store/atomicity.ts';
import type { ObjectStoreCheck, ObjectStoreSubject } from './object-store/check.ts';
import { deletingChecks } from './object-store/deleting.ts';
import { ifAbsentChecks } from './object-store/if-absent.ts';
import { keyChecks } from './object-store/keys.ts';
import { lineChecks } from './object-store/line.ts';
import { listingChecks } from './object-store/listing.ts';
import { partsChecks } from './object-store/parts.ts';
import { placeChecks } from './object-store/place.ts';
import { rangeChecks } from './object-store/ranges.ts';
import { readingChecks } from './object-store/reading.ts';
import { unfinishedChecks } from './object-store/unfinished.ts';
import { writingChecks } from './object-store/writing.ts';

export type { ObjectStoreCheck, ObjectStoreSubject } from './object-store/check.ts';

/**
 * The promises of the `ObjectStore` port, one check each. {@link objectStoreSuite} runs them in
 * vitest; in another test runner, run each on a subject of its own.
 */
export const objectStoreChecks: readonly ObjectStoreCheck[] = [
  ...writingChecks,
  ...atomicityChecks,
  ...partsChecks,
  ...unfinishedChecks,
  ...ifAbsentChecks,
  ...readingChecks,
  ...rangeChecks,
  ...listingChecks,
  ...deletingChecks,
  ...keyChecks,
  ...placeChecks,
  ...lineChecks,
];

/**
 * Holds an adapter to the promises of the `ObjectStore` port: one vitest test a promise, each on
 * a place of its own. What a store does not claim in its properties has to be refused; what the
 * subject offers no means to look at is skipped.
 *
 * With a {@link ObjectStoreSubject.line} it shows what a cut and a hanging connection do. It cannot show what happens
 * when a machine fails or a service lies: an adapter needs tests of its own for durability, a full place, a killed
 * writer.
 *
 * @param name what is tested, for the report
 * @param open makes a store on an empty place; called once a test
 */
export function objectStoreSuite(name: string, open: () => Promise<ObjectStoreSubject>): void {
  describe(`${name} keeps the promises of an object store`, () => {
    for (const check of objectStoreChecks) {
      it(check.name, async (context) => {
        const subject = await open();
        try {
          const { needs } = check;
          if (needs !== undefined && subject[needs] === undefined) {
            context.skip(`the subject has no ${needs}`);
          }
          await check.run(subject);
        } finally {
          await subject.close();
        }
      });
    }
  });
}
