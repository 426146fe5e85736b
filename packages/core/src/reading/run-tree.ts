import { runUnknown } from '../errors/errors.ts';
import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, type EpochMs } from '../model/state.ts';

/** Who has the right to write a run, and whether it can be counted on. */
export interface LeaseHolder {
  /**
   * - `nobody`: it was given back, by an engine that was stopped, or for the time of a pause;
   * - `this-engine`: the one that was asked;
   * - `alive`: a process of this machine that runs;
   * - `dead`: a process of this machine that has ended, for certain;
   * - `elsewhere`: one that cannot be judged from here, on another machine or in another container.
   */
  readonly kind: 'nobody' | 'this-engine' | 'alive' | 'dead' | 'elsewhere';
  /** The process id on its machine, where there is a holder that names one. */
  readonly pid?: number;
  /** When the lease ends unless it is renewed, in epoch milliseconds. */
  readonly expiresAt: EpochMs;
  /** Whether it has ended: any engine may take the run over then. */
  readonly expired: boolean;
}

/** What was read of a top-level run and all below it. The reads are several: a run that goes on may change between them. */
export interface TreeRecords {
  readonly root: Run;
  /** In the order they were made. */
  readonly below: readonly Run[];
  /** Absent when the root has ended. */
  readonly holder?: LeaseHolder;
  /** Set when somebody asked for the root to be cancelled. */
  readonly cancelReason?: string;
  /** The root is paused, and what it waits for is not there: nobody has to go on with it. */
  readonly waiting?: boolean;
}

const NONE: readonly Run[] = [];

/** A top-level run and all below it, to be asked about. */
export class RunTree {
  readonly root: Run;
  readonly holder: LeaseHolder | undefined;
  readonly cancelReason: string | undefined;
  readonly #waiting: boolean;
  readonly #byId = new Map<RunId, Run>();
  readonly #children = new Map<RunId, Run[]>();

  constructor({ root, below, holder, cancelReason, waiting }: TreeRecords) {
    this.root = root;
    this.holder = holder;
    this.cancelReason = cancelReason;
    this.#waiting = waiting ?? false;
    this.#byId.set(root.id, root);
    for (const run of below) {
      this.#byId.set(run.id, run);
      if (run.parentId === undefined) continue;
      const siblings = this.#children.get(run.parentId);
      if (siblings === undefined) this.#children.set(run.parentId, [run]);
      else siblings.push(run);
    }
  }

  get(id: RunId | undefined): Run | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /**
   * The run that somebody asks about.
   *
   * @throws `RUN_UNKNOWN`
   */
  known(id: RunId): Run {
    const run = this.get(id);
    if (run === undefined) throw runUnknown(id);
    return run;
  }

  /** What the code of a run has started, in the order it was made. */
  children(id: RunId): readonly Run[] {
    return this.#children.get(id) ?? NONE;
  }

  /** Everything below a run: each followed by what is below it. */
  below(id: RunId): readonly Run[] {
    const found: Run[] = [];
    const rest = this.children(id).toReversed();
    for (let run = rest.pop(); run !== undefined; run = rest.pop()) {
      found.push(run);
      for (const child of this.children(run.id).toReversed()) rest.push(child);
    }
    return found;
  }

  /** The runs of the present try of their parents below a run: those that a try before the present one left are passed over. */
  present(id: RunId): readonly Run[] {
    const found: Run[] = [];
    const parents = [this.known(id)];
    for (const parent of parents) {
      const tryName = `${parent.generation}.${parent.attempts}`;
      for (const child of this.children(parent.id)) {
        if (child.parentTry !== tryName) continue;
        found.push(child);
        parents.push(child);
      }
    }
    return found;
  }

  /** Whether it has not ended and nobody goes on with it: its process died, or its engine was stopped. */
  get leftBehind(): boolean {
    const { holder, root } = this;
    if (holder === undefined || isTerminal(root.state) || this.#waiting) return false;
    if (holder.kind === 'nobody' || holder.kind === 'dead') return true;
    return holder.expired && holder.kind !== 'this-engine';
  }
}
