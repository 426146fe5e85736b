import type { Clock } from '../../clock/clock.ts';
import type { RunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import type { EpochMs } from '../../model/state.ts';
import type { Execution } from '../execution.ts';

/** For how long a worker leaves a run to others that it could not take, in milliseconds. */
const LEFT_FOR = 30_000;

/** Something that a worker executes. */
interface Taken {
  readonly execution: Execution;
  readonly ended: Promise<unknown>;
}

/**
 * What a worker has under way, and for how much more it has places: as many for flows as for tasks, so that flows which
 * wait for tasks on the queue of their own worker leave room for them.
 */
export class WorkPlaces {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #freed: () => void;
  readonly #under = { flow: new Map<RunId, Execution>(), task: new Map<RunId, Execution>() };
  readonly #left = new Map<RunId, EpochMs>();

  /** @param freed called when a place is free again */
  constructor(most: number, clock: Clock, freed: () => void) {
    this.#most = most;
    this.#clock = clock;
    this.#freed = freed;
  }

  /** How many more runs of a kind there is a place for. */
  free(kind: Run['kind']): number {
    return this.#most - this.#under[kind].size;
  }

  /** Whether anything is under way. */
  get taken(): boolean {
    return this.#under.flow.size > 0 || this.#under.task.size > 0;
  }

  /** What executes a run here. */
  execution(id: RunId): Execution | undefined {
    return this.#under.flow.get(id) ?? this.#under.task.get(id);
  }

  /** A run has a place, until it has ended here. */
  take(kind: Run['kind'], id: RunId, { execution, ended }: Taken): void {
    this.#under[kind].set(id, execution);
    const over = (): void => {
      if (this.#under[kind].get(id) === execution) this.#under[kind].delete(id);
      this.#freed();
    };
    ended.then(over, over);
  }

  /** A run could not be taken. */
  leave(id: RunId): void {
    this.#left.set(id, this.#clock.now() + LEFT_FOR);
  }

  /** The runs that are left to others at present. */
  get left(): readonly RunId[] {
    const now = this.#clock.now();
    for (const [id, until] of this.#left) if (until <= now) this.#left.delete(id);
    return [...this.#left.keys()];
  }
}
