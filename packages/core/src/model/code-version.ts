import type { EpochMs } from './state.ts';

/** Which code executed a run, as far as the host says. */
export interface CodeVersion {
  /** The version that the host gave its code. */
  readonly codeVersion?: string;
  /** The commit that the code was built from. */
  readonly gitCommit?: string;
}

/** The code that executed a run until another one took it up. */
export interface EarlierVersion extends CodeVersion {
  readonly until: EpochMs;
}
