import type { Definition } from '../definition/definition.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { illegalTransition } from '../errors/errors.ts';
import type { FlowRun, HistoryEntry, PendingHook, Run } from '../model/run.ts';
import type { RunEvent } from '../model/run-event.ts';
import { isTerminal, type State } from '../model/state.ts';
import type { Effect } from '../model/transition.ts';
import { decide } from '../rules/decide.ts';
import type { RuleFacts } from '../rules/rule.ts';
import type { Fence, LeaseTerms, RunWrite, WriteOutcome } from '../store/run-store.ts';
import { keepableText, nameForPeople } from './engine-core.ts';
import type { Execution } from './execution.ts';
import type { Parking } from './waiting/parking.ts';
import { Unwritten } from './writer.ts';

type Facts = Omit<RuleFacts, 'now'>;

/** Stand for empty lists: most runs have no hooks, and what was staged is written at once. */
const NO_HOOKS: PendingHook[] = [];
const NO_HISTORY: HistoryEntry[] = [];
Object.freeze(NO_HOOKS);
Object.freeze(NO_HISTORY);

const WRITTEN = Promise.resolve(undefined);

/** The record of a run, and the only way to change it: stage what happened, then commit. */
export class RunHandle {
  readonly #execution: Execution;
  /** Absent for a run that an earlier process left, and whose definition is not known here. */
  readonly #definition: Definition | undefined;
  #run: Run;
  /** The version in the store; 0 while it is not there. */
  #stored: number;
  #history = NO_HISTORY;
  #hooks = NO_HOOKS;
  #failed: Error | undefined;

  private constructor(
    execution: Execution,
    definition: Definition | undefined,
    run: Run,
    stored: number,
  ) {
    this.#execution = execution;
    this.#definition = definition;
    this.#run = run;
    this.#stored = stored;
  }

  /** A run that is not in the store yet. */
  static made(execution: Execution, definition: Definition, run: Run): RunHandle {
    const handle = new RunHandle(execution, definition, run, 0);
    handle.#note(run.createdAt, []);
    return handle;
  }

  /** A run as it was read from the store. Its definition is found by its name where none is given. */
  static read(execution: Execution, run: Run, definition?: Definition): RunHandle {
    const known = definition ?? execution.engine.definitions.get(run.kind, run.name);
    return new RunHandle(execution, known, run, run.version);
  }

  get run(): Run {
    return this.#run;
  }

  get state(): State {
    return this.#run.state;
  }

  /** The version that was last given to the store. */
  get written(): number {
    return this.#stored;
  }

  /** Gives the run the name that people know it by, to be written with its next state. */
  nameForPeople(args: readonly unknown[]): void {
    if (this.#definition === undefined || this.#run.runName !== undefined) return;
    const { engine } = this.#execution;
    this.#run = { ...this.#run, ...nameForPeople(engine, this.#definition, args) };
  }

  /**
   * Lets something happen to the run, in memory. Rules may turn it into something else.
   *
   * @throws `ILLEGAL_TRANSITION`
   */
  stage(event: RunEvent, facts: Facts = {}): State {
    const now = this.#execution.clock.now();
    const result = decide(this.#run, this.#keepable(event), { ...facts, now });
    if (!result.ok) {
      const what = `The ${this.#run.kind} run '${this.#run.name}' (${this.#run.id})`;
      throw illegalTransition(what, result.reason, { runId: this.#run.id, event: event.type });
    }
    this.#run = result.run;
    this.#note(now, result.effects);
    return result.run.state;
  }

  /** Reasons are texts of users: what no store keeps, and what nobody may see, is taken out. */
  #keepable(event: RunEvent): RunEvent {
    if (!('reason' in event)) return event;
    return { ...event, reason: keepableText(this.#execution.engine, event.reason) };
  }

  #note(now: number, effects: readonly Effect[]): void {
    const { id, rootId, generation, version, state } = this.#run;
    const step = this.#history.length;
    const entry = { runId: id, generation, version, step, at: now, state };
    // Copied, not appended to: a list that grows takes room for many, and there are two at most for nearly all runs.
    this.#history = step === 0 ? [entry] : this.#history.concat(entry);
    for (const { hook } of effects) {
      if (this.#definition?.hooks[hook] === undefined) continue;
      if (this.#hooks === NO_HOOKS) this.#hooks = [];
      this.#hooks.push({ id: `${id}:${version}:${hook}`, runId: id, rootId, hook, state, at: now });
    }
  }

  /**
   * Writes the run for the first time, with its lease; without one where it waits for whoever claims it.
   *
   * @returns the run that exists already under the same idempotency key; then nothing was written
   */
  async create(lease: LeaseTerms | undefined): Promise<FlowRun | undefined> {
    const write = { ...this.#taken(undefined), hooks: [], ...(lease && { lease }) };
    const { history, run } = write;
    const outcome = await this.#execution.writer.write(write, 'machine');
    if (outcome.ok) {
      this.#execution.published(run, this.#definition, history, []);
      return undefined;
    }
    if (outcome.conflict === 'exists' && outcome.run.kind === 'flow') return outcome.run;
    throw this.#conflict(outcome.conflict);
  }

  /** What was staged, to be written now. */
  #taken(fence: Fence | undefined): RunWrite {
    const kind = 'run';
    const expectVersion = this.#stored;
    const run = this.#run;
    const history = this.#history;
    const hooks = this.#hooks;
    this.#history = NO_HISTORY;
    this.#hooks = NO_HOOKS;
    this.#stored = run.version;
    return fence === undefined
      ? { kind, expectVersion, run, history, hooks }
      : { kind, expectVersion, run, history, hooks, fence };
  }

  #conflict(conflict: string): HoldfastError {
    const { id, name } = this.#run;
    return new HoldfastError(
      'RUN_CONFLICT',
      `The run '${name}' (${id}) was changed by somebody else (${conflict}).`,
      { retryable: false, context: { runId: id, conflict } },
    );
  }

  /** A write failed: from now on memory and store may differ, so nothing more is written. */
  #doubt(error: unknown): Error {
    this.#failed = error as Error;
    return this.#execution.halt(this.#failed);
  }

  /**
   * Writes what was staged. Outcomes are on the disk before this resolves; what is not yet an outcome
   * survives the death of the process. Only then is anybody told.
   *
   * @throws `LEASE_LOST`, `RUN_CONFLICT`, or what the store threw. The whole execution is halted then: whether the
   *   write was applied is known only to whoever reads the store.
   */
  commit(): Promise<undefined> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    if (this.#run.version === this.#stored) return WRITTEN;
    const { parking } = this.#execution;
    return parking?.away === true ? this.#writeOnceBack(parking) : this.#write();
  }

  async #writeOnceBack(parking: Parking): Promise<undefined> {
    await parking.comeBack();
    // Another commit that waited for the lease may have written it.
    if (this.#run.version !== this.#stored) await this.#write();
  }

  #write(): Promise<undefined> {
    const { fence, writer } = this.#execution;
    const write = this.#taken(fence);
    const durability = isTerminal(write.run.state) ? 'machine' : 'process';
    // Here, and not where the commit ends: what is told by it is told in the context in which it was written.
    return writer.queue(write, durability).then((told) => this.#wrote(write, told));
  }

  /** What was written is committed, or not: tells of it. */
  #wrote({ run, history, hooks }: RunWrite, told: WriteOutcome | Unwritten): undefined {
    if (told instanceof Unwritten) throw this.#doubt(told.error);
    if (!told.ok) {
      throw this.#doubt(
        told.conflict === 'fence' ? this.#execution.lose() : this.#conflict(told.conflict),
      );
    }
    this.#execution.published(run, this.#definition, history, hooks);
    return undefined;
  }

  /** Notes that what the run had done was undone. It stays in its state: no history tells of it. */
  undone(): Promise<void> {
    const { version } = this.#run;
    const rolledBackAt = this.#execution.clock.now();
    this.#run = { ...this.#run, version: version + 1, rolledBackAt };
    return this.commit();
  }

  /** Stages one event and commits. */
  apply(event: RunEvent, facts?: Facts): Promise<undefined> {
    this.stage(event, facts);
    return this.commit();
  }
}
