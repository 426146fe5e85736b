/** The test that fails when an option counts as left out. */
export interface Proof {
  /** From the root of the repository. */
  readonly file: string;
  /** The test's own title. */
  readonly test: string;
}

/** Proofs in one file, by option: the titles of the tests. */
export function inFile(
  file: string,
  tests: { readonly [option: string]: string },
): {
  readonly [option: string]: Proof;
} {
  return Object.fromEntries(
    Object.entries(tests).map(([option, test]) => [option, { file, test }]),
  );
}
