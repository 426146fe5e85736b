/**
 * A promise that tells when somebody looks at its failure. Looked at means: a rejection handler was
 * attached, which `await` does. It never raises `unhandledRejection`: whoever made it accounts for a
 * failure that nobody looked at.
 */
export class ObservedPromise<T> extends Promise<T> {
  #onObserved: (() => void) | undefined;

  /** What `then` derives is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  /**
   * @param onObserved called when a rejection handler is attached, each time
   */
  static watch<T>(
    promise: PromiseLike<T>,
    onObserved: (() => void) | undefined,
  ): ObservedPromise<T> {
    const watched = new ObservedPromise<T>((resolve, reject) => {
      promise.then(resolve, reject);
    });
    watched.#onObserved = onObserved;
    void Promise.prototype.then.call(watched, undefined, ignore);
    return watched;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a subclass of Promise is one
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const derived = super.then(onFulfilled, onRejected);
    if (typeof onRejected !== 'function') return ObservedPromise.watch(derived, this.#onObserved);
    this.#onObserved?.();
    return derived;
  }

  override finally(onFinally?: (() => void) | null): Promise<T> {
    const derived = Promise.prototype.finally.call(
      new Promise<T>((resolve, reject) => {
        super.then(resolve, reject);
      }),
      onFinally,
    ) as Promise<T>;
    return ObservedPromise.watch(derived, this.#onObserved);
  }
}

function ignore(): void {
  // The failure is accounted for by the run that started the work.
}
