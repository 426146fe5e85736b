import type { Outcome } from '../../model/outcome.ts';
import type { StoredValue } from '../../model/state.ts';
import type { Cancellation } from '../cancellation.ts';
import type { Performance } from '../performance.ts';
import type { Gate } from './gate.ts';

/** Makes a gate for a run, where its definition asks for one. */
export type GateMaker = (run: Performance) => Gate | undefined;

/** The gates of one run, in the order in which it passes them. */
export class Admission {
  readonly #gates: readonly Gate[];

  constructor(gates: readonly Gate[]) {
    this.#gates = gates;
  }

  /** Passes every gate; gives the outcome of a run that one of them ends. */
  async enter(): Promise<Outcome<unknown> | undefined> {
    for (const [at, gate] of this.#gates.entries()) {
      const outcome = await gate.enter();
      if (outcome === undefined) continue;
      await leaveAll(this.#gates.slice(0, at));
      return outcome;
    }
    return undefined;
  }

  /** The attempt's code waits for something that is no work of its own. */
  async suspend(): Promise<void> {
    for (const gate of this.#gates.toReversed()) await gate.suspend?.();
  }

  /** What it waited for is there: passes the gates again that have let it wait outside. */
  async resume(attempt: Cancellation): Promise<void> {
    for (const gate of this.#gates) await gate.resume?.(attempt);
  }

  /** The attempt is over. */
  leave(): Promise<void> {
    return leaveAll(this.#gates);
  }

  /** The run completes: its outcome has been given to the writer. */
  completing(result: StoredValue): void {
    for (const gate of this.#gates) gate.completing?.(result);
  }

  /** Its attempt is dealt with, or there is none. */
  async settled(): Promise<void> {
    for (const gate of this.#gates.toReversed()) await gate.settled?.();
  }
}

async function leaveAll(gates: readonly Gate[]): Promise<void> {
  for (const gate of gates.toReversed()) await gate.leave?.();
}
