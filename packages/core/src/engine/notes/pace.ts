import type { Progress, ToldProgress } from '../../events/engine-events.ts';
import type { EpochMs } from '../../model/state.ts';

/** How long a run must have gone on before a rate is told, in milliseconds: the first moments are not like the rest. */
const SETTLED = 1000;

/** How fast a run goes on, from the first time that it told how far it was. */
export class Pace {
  #first: { readonly at: EpochMs; readonly done: number } | undefined;

  /** Adds to what a run tells what follows from it. */
  told(progress: Progress, now: EpochMs): ToldProgress {
    const { done, total } = progress;
    // What is counted anew is another stretch of work; so is what a clock that was set back has begun.
    if (this.#first === undefined || done < this.#first.done || now < this.#first.at) {
      this.#first = { at: now, done };
    }
    const elapsed = now - this.#first.at;
    const rate = ((done - this.#first.done) * 1000) / elapsed;
    if (elapsed < SETTLED || !(rate > 0)) return progress;
    if (total === undefined) return { ...progress, rate };
    return { ...progress, rate, eta: Math.round(now + (Math.max(0, total - done) * 1000) / rate) };
  }
}
