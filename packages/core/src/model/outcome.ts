import type { TerminalState } from './state.ts';

/** How a run ended, as a value: what `outcome()` and `allowFailure` give. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly state: 'COMPLETED' }
  | {
      readonly ok: false;
      readonly error: Error;
      readonly state: Exclude<TerminalState['type'], 'COMPLETED'>;
    };
