import type { JsonValue } from '@holdfast/core';

/** An error as it crosses the thread boundary; the host makes a `HoldfastError` of it. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retryable: boolean;
  readonly context?: { readonly [key: string]: JsonValue };
  /** The database's own words. */
  readonly cause?: string;
}

/** A coded failure, thrown where no `HoldfastError` can be made: a worker thread knows nothing of `@holdfast/core`. */
export class StoreFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.name = 'StoreFault';
    this.fault = fault;
  }
}

/** A stored record that cannot be read. `runId` is the run that it belongs to. */
export function corruptRecord(what: string, runId: string, where: string): StoreFault {
  return corrupt(`${what} of run ${runId}`, where, { runId });
}

/** A stored record that cannot be read, and belongs to no run. */
export function corruptShared(what: string, name: string, where: string): StoreFault {
  return corrupt(`${what} '${name}'`, where, { name });
}

function corrupt(
  which: string,
  where: string,
  context: { readonly [key: string]: string },
): StoreFault {
  return new StoreFault({
    code: 'STORE_RECORD_CORRUPT',
    message: `The ${which} does not parse: ${where}`,
    hint: 'Nothing was guessed and nothing was changed. Restore the run store, or remove this record from it.',
    retryable: false,
    context,
  });
}

/** A record that is none: what is written must be readable. */
export function misshapen(
  which: string,
  where: string,
  context: { readonly [key: string]: string },
): StoreFault {
  return new StoreFault({
    code: 'STORE_WRITE_INVALID',
    message: `A write to ${which} is not valid: ${where}`,
    hint: 'This is a mistake in the code that calls the run store; nothing of the batch was written.',
    retryable: false,
    context,
  });
}
