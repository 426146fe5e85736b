import { atOnce } from './at-once.ts';

/** Requests, or writes, that are under way at once, up to a number. The first failure is everybody's. */
export class Pipeline {
  readonly #most: number;
  readonly #signal: AbortSignal;
  readonly #onFailure: (failure: unknown) => void;
  readonly #underWay = new Set<Promise<unknown>>();

  /** @param onFailure is called with what has failed, so that the signal is aborted with it */
  constructor(most: number, signal: AbortSignal, onFailure: (failure: unknown) => void) {
    this.#most = most;
    this.#signal = signal;
    this.#onFailure = onFailure;
  }

  /** Waits until another request may be made. */
  async room(): Promise<void> {
    this.#signal.throwIfAborted();
    while (this.#underWay.size >= this.#most) {
      await atOnce(this.#signal, Promise.race(this.#underWay));
    }
  }

  add(request: Promise<unknown>): void {
    const ended = request.catch(this.#onFailure).finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
  }

  /** Waits until none is under way. */
  async settle(): Promise<void> {
    await atOnce(this.#signal, Promise.all(this.#underWay));
    this.#signal.throwIfAborted();
  }
}
