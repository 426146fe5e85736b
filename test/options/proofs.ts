import type { GroupName } from './groups.ts';

/** The test that fails when an option counts as left out. */
export interface Proof {
  /** From the root of the repository. */
  readonly file: string;
  /** The test's own title. */
  readonly test: string;
}

function inFile(
  file: string,
  tests: { readonly [option: string]: string },
): {
  readonly [option: string]: Proof;
} {
  return Object.fromEntries(
    Object.entries(tests).map(([option, test]) => [option, { file, test }]),
  );
}

const ENGINE = 'packages/core/test/engine';

/** Of each option that may be left out. `pnpm prove:options` holds the tests to it. */
export const PROOFS: { readonly [group in GroupName]: { readonly [option: string]: Proof } } = {
  definition: {
    ...inFile(`${ENGINE}/retry.test.ts`, {
      retries: 'end with the last error',
      retryIf: 'ask retryIf with the original error',
      timeout: 'is told as such, and cancels what the attempt had started',
    }),
  },
  retries: {},
  engine: {
    ...inFile(`${ENGINE}/logs.test.ts`, {
      logs: 'are kept from the level on that the engine was given',
    }),
  },
  logs: {
    ...inFile(`${ENGINE}/logs.test.ts`, {
      level: 'are kept from the level on that the engine was given',
      maxRun: 'ends with a line that says so where a run logs too much',
      maxTotal: 'is bounded over all that is below a top-level run',
    }),
    ...inFile(`${ENGINE}/logged-values.test.ts`, { maxLine: 'is cut where a line is too long' }),
  },
  start: {
    ...inFile(`${ENGINE}/traceparent.test.ts`, {
      traceparent: 'is kept with the run, and known to everything below it',
    }),
  },
  schedule: {},
};
