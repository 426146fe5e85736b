import type { Outcome } from '../model/outcome.ts';

/** Who wants to know that somebody looks at a failure. */
export interface Observer {
  /** A rejection handler is attached: called each time. */
  observe(): void;
}

/**
 * A promise that tells when somebody looks at its failure. Looked at means: a rejection handler was
 * attached, which `await` does. It never raises `unhandledRejection`: whoever made it accounts for a
 * failure that nobody looked at. What a callback throws that was given to `then` or `finally` is the caller's own
 * failure, and stays as loud as ever.
 */
export class ObservedPromise<T> extends Promise<T> {
  #observer: Observer | undefined;

  /** What `then` derives is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static watch<T>(promise: PromiseLike<T>, observer: Observer | undefined): ObservedPromise<T> {
    const watched = new ObservedPromise<T>((resolve, reject) => {
      promise.then(resolve, (error: unknown) => {
        watched.#silence();
        reject(error);
      });
    });
    watched.#observer = observer;
    return watched;
  }

  /** As {@link watch}, for the value of an outcome. Outcomes are given by what never rejects. */
  static of<T>(outcome: PromiseLike<Outcome<T>>, observer: Observer): ObservedPromise<T> {
    const watched = new ObservedPromise<T>((resolve, reject) => {
      outcome.then((ended) => {
        if (ended.ok) {
          resolve(ended.value);
        } else {
          watched.#silence();
          reject(ended.error);
        }
      });
    });
    watched.#observer = observer;
    return watched;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a subclass of Promise is one
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (typeof onRejected !== 'function') return this.#passOn(super.then(onFulfilled));
    this.#observer?.observe();
    return super.then(onFulfilled, onRejected);
  }

  override finally(onFinally?: (() => void) | null): Promise<T> {
    const plain = new Promise<T>((resolve, reject) => {
      super.then(resolve, reject);
    });
    return this.#passOn(plain.finally(onFinally));
  }

  /** A derived promise whose failure is looked at when this one's is; silent only where the failure is this one's. */
  #passOn<A>(derived: Promise<A>): ObservedPromise<A> {
    const passed = new ObservedPromise<A>((resolve, reject) => {
      derived.then(resolve, reject);
    });
    passed.#observer = this.#observer;
    void super.then(undefined, () => passed.#silence());
    return passed;
  }

  #silence(): void {
    void super.then(undefined, ignore);
  }
}

function ignore(): void {
  // The failure is accounted for by the run that started the work.
}
