import { permitId } from '../../model/limit-name.ts';
import type { PermitWish } from '../../store/shared-state.ts';
import type { Cancellation } from '../cancellation.ts';
import type { LocalLimit, Waiting } from './local-limit.ts';

/** What is asked for, and what is done when it is not free. */
export interface ClaimTerms {
  /** Names what asks, in the store: a run. */
  readonly of: string;
  /** All of these, or none. */
  readonly wishes: readonly PermitWish[];
  /** Ends the wait. */
  readonly cancellation: Cancellation;
  /** Called once, where there is a wait: with the limits that are in the way. False: it does not wait. */
  readonly onWait?: (limits: readonly string[]) => boolean;
}

/** Shares of limits that something wants, waits for, or holds. */
export class Claim implements Waiting {
  readonly order: number;
  readonly id: string;
  readonly wishes: readonly PermitWish[];
  /** True once granted; false when it was given up before. Rejects when the store fails. */
  readonly granted: Promise<boolean>;
  /** The limits in whose queues it stands. */
  readonly waitsFor = new Set<LocalLimit>();
  state: 'new' | 'waiting' | 'asking' | 'held' | 'over' = 'new';
  readonly #onOver: (claim: Claim) => void;
  readonly #onWait: ClaimTerms['onWait'];
  #told = false;
  #settle: (granted: boolean) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #stopListening = (): void => undefined;

  /** @param onOver called when it is given back or given up, while `state` says what it was until then */
  constructor(order: number, terms: ClaimTerms, onOver: (claim: Claim) => void) {
    this.order = order;
    this.id = permitId(terms.of, order);
    this.wishes = terms.wishes;
    this.#onOver = onOver;
    this.#onWait = terms.onWait;
    this.granted = new Promise((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    this.granted.catch(() => undefined);
    this.#stopListening = terms.cancellation.onAbort(() => {
      if (this.state !== 'held') this.release();
    });
  }

  /** Gives back what it holds, or gives up what it waits for. Idempotent. */
  release(): void {
    if (this.state === 'over') return;
    this.#onOver(this);
    this.#over();
  }

  /** It has what it wanted. */
  grant(): void {
    this.state = 'held';
    this.#stopListening();
    this.#settle(true);
  }

  /** The store cannot say. */
  fail(error: unknown): void {
    this.#fail(error);
    this.#over();
  }

  #over(): void {
    this.state = 'over';
    this.#stopListening();
    this.#settle(false);
  }

  /**
   * Puts it into the queues of the limits that are in the way; from the second time on, into those of all its limits,
   * where nobody passes any more.
   */
  wait(blocked: readonly LocalLimit[], all: readonly LocalLimit[]): void {
    for (const limit of this.#told ? all : blocked) {
      this.waitsFor.add(limit);
      limit.add(this);
    }
    this.state = 'waiting';
    if (this.#told) return;
    this.#told = true;
    if (this.#onWait?.(blocked.map(({ name }) => name)) === false) this.release();
  }

  /** Takes it out of every queue. */
  leaveQueues(): void {
    for (const limit of this.waitsFor) limit.remove(this);
    this.waitsFor.clear();
  }
}
