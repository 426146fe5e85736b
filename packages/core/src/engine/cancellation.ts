import type { Clock } from '../clock/clock.ts';
import { Chain, Link } from './chain.ts';

/** Who wants to know of an abort: of one cancellation at a time. */
export abstract class AbortListener extends Link {
  /** Called once, when what it listens to is aborted. */
  abstract aborted(reason: Error): void;

  stopListening(): void {
    this.chain?.remove(this);
  }
}

class Callback extends AbortListener {
  readonly aborted: (reason: Error) => void;

  constructor(aborted: (reason: Error) => void) {
    super();
    this.aborted = aborted;
  }
}

/**
 * Cancellation of a tree of work: aborting one aborts all below it. An AbortSignal is made only when
 * somebody asks for it.
 */
export class Cancellation extends Link {
  readonly #parent: Cancellation | undefined;
  // Made when first needed: most work is neither listened to nor divided.
  #children: Chain<Cancellation> | undefined;
  #listeners: Chain<AbortListener> | undefined;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(parent?: Cancellation) {
    super();
    this.#parent = parent;
    this.#reason = parent?.reason;
    if (this.#reason !== undefined || parent === undefined) return;
    parent.#children ??= new Chain();
    parent.#children.add(this);
  }

  /** Whether it is this work, or work below it, that another cancellation stops. */
  reaches(other: Cancellation | undefined): boolean {
    for (let each = other; each !== undefined; each = each.#parent) if (each === this) return true;
    return false;
  }

  /** Why it was aborted; undefined while it was not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Aborts this and everything below. The first reason stays. */
  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (let next = this.#listeners?.first; next !== undefined; next = this.#listeners?.first) {
      this.#listeners?.remove(next);
      next.aborted(reason);
    }
    for (let next = this.#children?.first; next !== undefined; next = this.#children?.first) {
      this.#children?.remove(next);
      next.abort(reason);
    }
  }

  /** Tells a listener once when aborted; at once when it was already. */
  listen(listener: AbortListener): void {
    if (this.#reason === undefined) (this.#listeners ??= new Chain()).add(listener);
    else listener.aborted(this.#reason);
  }

  /** Calls back once when aborted; at once when it was already. Returns how to stop listening. */
  onAbort(callback: (reason: Error) => void): () => void {
    const listener = new Callback(callback);
    this.listen(listener);
    return () => listener.stopListening();
  }

  /** The work has ended: an abort further up no longer concerns it. */
  end(): void {
    if (this.#parent !== undefined) this.#parent.#children?.remove(this);
  }
}

/** Waits; gives the reason when aborted before the time was over. */
export function waitUnlessAborted(
  clock: Clock,
  ms: number,
  cancellation: Cancellation,
): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let stopListening = (): void => undefined;
    const timer = clock.setTimer(ms, () => {
      stopListening();
      resolve(undefined);
    });
    stopListening = cancellation.onAbort((reason) => {
      timer.clear();
      resolve(reason);
    });
  });
}
