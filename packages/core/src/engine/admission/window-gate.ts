import { windowNotOpen } from '../../errors/time-errors.ts';
import type { Outcome } from '../../model/outcome.ts';
import { toFailure } from '../../serial/failure-codec.ts';
import { failed } from '../outcomes.ts';
import type { Performance } from '../performance.ts';
import { waitUntil } from '../waiting/sleep.ts';
import type { Gate } from './gate.ts';

/** Keeps a run from starting before its window opens. Its closing is watched for as long as the run is under way. */
class WindowGate implements Gate {
  readonly #run: Performance;
  readonly #opensAt: number;

  constructor(run: Performance, opensAt: number) {
    this.#run = run;
    this.#opensAt = opensAt;
  }

  async enter(): Promise<Outcome<unknown> | undefined> {
    const { execution, handle, definition, cancellation, dependsOn } = this.#run;
    const { clock, engine } = execution;
    const facts = dependsOn === undefined ? {} : { dependsOn };
    // What has started is not held up again by a clock that was put back.
    if (handle.run.startedAt !== undefined || clock.now() >= this.#opensAt) return undefined;
    if (definition.window?.ifClosed === 'fail') {
      const error = windowNotOpen(handle.run.name, this.#opensAt);
      const failure = toFailure(error, engine.scrubber.scrub);
      await handle.apply({ type: 'missWindow', error: failure }, facts);
      return failed('FAILED', error);
    }
    if (handle.state.name !== 'AwaitingWindow') {
      const wait = { type: 'schedule', name: 'AwaitingWindow', dueAt: this.#opensAt } as const;
      await handle.apply(wait, facts);
    }
    await waitUntil(clock, this.#opensAt, cancellation).catch(() => undefined);
    return undefined;
  }
}

/** Of runs whose definition has a window. */
export function windowGate(run: Performance): Gate | undefined {
  const window = run.handle.run.bounds?.window;
  return window === undefined ? undefined : new WindowGate(run, window.opensAt);
}
