import type { Clock, Timer } from '../clock/clock.ts';
import type { Accounts } from './accounts.ts';
import type { Cancellation } from './cancellation.ts';
import { Region, type Scope } from './scope.ts';
import type { CodeEnd } from './unobserved.ts';

/**
 * A stretch of code that ends only when all has ended that it started, and that stops all of it where it fails: an
 * attempt's whole code, or a part of it that keeps accounts of its own.
 */
export interface Stretch {
  readonly accounts: Accounts;
  readonly cancellation: Cancellation;
  /** Whether new work may start; throws why not. */
  assertOpen(what: string): void;
}

const STRETCH = new Region<Stretch>();

/** The innermost stretch around the executing code of an attempt: the attempt itself outside of any other. */
export function stretchIn(scope: Scope): Stretch {
  return STRETCH.value ?? scope;
}

/** Executes a function as the code of a stretch within an attempt. */
export function inStretch<T>(stretch: Stretch, fn: () => T): T {
  return STRETCH.run(stretch, fn);
}

/** How the code of a stretch ended. `cut`: it was told to stop, and did not end within its grace. */
export type StretchEnd = CodeEnd | { readonly kind: 'cut'; readonly reason: Error };

/** Waits for the code of a stretch: for its end, or for the end of its grace after it was told to stop. */
export function endOfStretch(
  work: Promise<unknown>,
  cancellation: Cancellation,
  clock: Clock,
  grace: number,
): Promise<StretchEnd> {
  return new Promise((resolve) => {
    let timer: Timer | undefined;
    const stopListening = cancellation.onAbort((reason) => {
      timer = clock.setTimer(grace, () => resolve({ kind: 'cut', reason }));
    });
    const end = (result: StretchEnd): void => {
      stopListening();
      timer?.clear();
      resolve(result);
    };
    work.then(
      (value) => end({ kind: 'returned', value }),
      (error: unknown) => end({ kind: 'threw', error }),
    );
  });
}
