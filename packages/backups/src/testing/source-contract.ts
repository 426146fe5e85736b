import { describe, it } from 'vitest';
import { isServerSource } from '../sources/servers/server-source.ts';
import { SourceBench } from './source/bench.ts';
import type { SourceCheck, SourceSubject } from './source/check.ts';
import { dumpingChecks } from './source/dumping.ts';
import { provingChecks } from './source/proving.ts';

export type { SourceCheck, SourceSubject } from './source/check.ts';

/**
 * The promises of the ports `Source` and `ServerSource`, one check each. {@link sourceContract} runs them in vitest; in another test
 * runner, run each by {@link runSourceCheck} on a subject of its own.
 */
export const sourceChecks: readonly SourceCheck[] = [...dumpingChecks, ...provingChecks];

/** How long a check may take, in milliseconds: servers and other programs are started in it. */
const CHECK_TIMEOUT = 120_000;

/**
 * Runs one check in a place of its own, which is removed afterwards.
 *
 * @throws AssertionError when the promise is broken
 */
export async function runSourceCheck(check: SourceCheck, subject: SourceSubject): Promise<void> {
  const bench = await SourceBench.open(subject);
  try {
    await check.run(subject, bench);
  } finally {
    await bench.close();
  }
}

function offers(subject: SourceSubject, what: NonNullable<SourceCheck['needs']>): boolean {
  return what === 'path' ? !isServerSource(subject.source) : subject[what] !== undefined;
}

/**
 * Holds a source to the promises of its port, `Source` or `ServerSource`: one vitest test a promise, each on a subject of its own. It
 * dumps into a store in memory, restores into fresh places and compares; loses things on the way, and looks whether
 * the proof says so.
 *
 * It cannot show where a source has its fingerprint from: that it is read from what is backed up, and at the moment of
 * the dump, is for tests of one's own.
 *
 * @param name what is tested, for the report
 * @param open makes a source with something in it; called once a test
 */
export function sourceContract(name: string, open: () => Promise<SourceSubject>): void {
  describe(`${name} keeps the promises of a source`, () => {
    for (const check of sourceChecks) {
      it(check.name, { timeout: CHECK_TIMEOUT }, async (context) => {
        const subject = await open();
        try {
          const { needs } = check;
          if (needs !== undefined && !offers(subject, needs)) {
            context.skip(`the subject has no ${needs}`);
          }
          await runSourceCheck(check, subject);
        } finally {
          await subject.close();
        }
      });
    }
  });
}
