import type { RunId } from '../../model/ids.ts';
import type { JsonValue } from '../../model/json.ts';
import type { Run, TaskRun } from '../../model/run.ts';
import { isTerminal, type EpochMs, type TerminalState } from '../../model/state.ts';
import type { RunWrite } from '../run-store.ts';
import { copyJson, copyState, RUNNING } from './copy-records.ts';
import { goesStraight } from './kept-history.ts';

type Shared =
  | 'rootId'
  | 'parentId'
  | 'parentTry'
  | 'name'
  | 'definitionVersion'
  | 'groups'
  | 'tags';
type Own = 'id' | 'key' | 'inputHash' | 'createdAt' | 'startedAt' | 'endedAt' | 'state';
/** Told by how far it has come. */
type Fixed = 'kind' | 'generation' | 'version' | 'attempts' | 'recoveries' | 'dependsOn';
/** What no straight run has. */
type Unusual = 'runName' | 'bounds' | 'rolledBackAt' | 'transaction' | 'queue' | 'inputs';

/** The compiler refuses this where a task run gets a field that is none of these. */
const NO_OTHER: keyof TaskRun extends Shared | Own | Fixed | Unusual ? true : never = true;

/** What the task runs of one name under one try of their parent have in common: kept once for all of them. */
export interface Kin extends Pick<TaskRun, Shared> {
  /** When the first of them was made: the times of all are told from there. */
  readonly since: EpochMs;
}

function kinOf(run: TaskRun): Kin {
  const { rootId, parentId, parentTry, name, definitionVersion, groups, tags } = run;
  return {
    rootId,
    parentId,
    name,
    ...(parentTry === undefined ? {} : { parentTry }),
    ...(definitionVersion === undefined ? {} : { definitionVersion }),
    ...(groups === undefined ? {} : { groups: [...groups] }),
    tags: [...tags],
    since: run.createdAt,
  };
}

function sameTexts(some: readonly string[] = [], others: readonly string[] = []): boolean {
  return some.length === others.length && some.every((text, at) => text === others[at]);
}

function isKin(kin: Kin, run: TaskRun): boolean {
  return (
    kin.rootId === run.rootId &&
    kin.parentId === run.parentId &&
    kin.parentTry === run.parentTry &&
    kin.name === run.name &&
    kin.definitionVersion === run.definitionVersion &&
    sameTexts(kin.groups, run.groups) &&
    sameTexts(kin.tags, run.tags)
  );
}

function isUsual(run: TaskRun): boolean {
  return (
    NO_OTHER &&
    run.runName === undefined &&
    run.bounds === undefined &&
    run.rolledBackAt === undefined &&
    run.transaction === undefined &&
    run.queue === undefined &&
    run.inputs === undefined &&
    run.dependsOn.length === 0
  );
}

/** A time that fits into the object that it is kept in: a number of its own would take as much as two fields more. */
function isNear(span: number): boolean {
  return (span | 0) === span;
}

/**
 * A task run of which nothing is to be told but that it was made, started, and ended at its first attempt: nearly every
 * one. It takes a third of what its record does, which is made anew for each reader.
 */
export class StraightRun {
  readonly id: RunId;
  readonly key: string;
  readonly history = 'straight';
  readonly #inputHash: string;
  readonly #kin: Kin;
  readonly #created: number;
  readonly #started: number;
  #ended: number | undefined;
  /** How it ended, unless it completed with a value that lies inline. */
  #end: TerminalState | undefined;
  #value: JsonValue | undefined;

  private constructor({ id, key, inputHash, createdAt, startedAt = 0 }: TaskRun, kin: Kin) {
    this.id = id;
    this.key = key;
    this.#inputHash = inputHash === key ? key : inputHash;
    this.#kin = kin;
    this.#created = createdAt - kin.since;
    this.#started = startedAt - kin.since;
  }

  /**
   * The run that a write makes; undefined where more is to be told of it.
   *
   * @param kin those below the same root that were made last, by name
   */
  static from(write: RunWrite, kin: Map<string, Kin>): StraightRun | undefined {
    const { run } = write;
    if (run.kind !== 'task' || !isUsual(run) || !goesStraight(write)) return undefined;
    if (run.endedAt !== undefined) return undefined;
    let shared = kin.get(run.name);
    if (shared === undefined || !isKin(shared, run)) kin.set(run.name, (shared = kinOf(run)));
    const made = new StraightRun(run, shared);
    return isNear(made.#created) && isNear(made.#started) ? made : undefined;
  }

  get kind(): 'task' {
    return 'task';
  }

  get name(): string {
    return this.#kin.name;
  }

  get rootId(): RunId {
    return this.#kin.rootId;
  }

  get parentId(): RunId {
    return this.#kin.parentId;
  }

  get version(): number {
    return this.#ended === undefined ? 2 : 3;
  }

  /** Takes the end of the run from a write; false, and nothing taken, where that tells more, or changes something. */
  end(write: RunWrite): boolean {
    const { run } = write;
    if (!this.#isEndedBy(run) || !goesStraight(write)) return false;
    const { state, endedAt = 0 } = run;
    if (!isTerminal(state)) return false;
    this.#ended = endedAt - this.#kin.since;
    const inline =
      state.name === 'Completed' && state.failedTasks === undefined && 'inline' in state.result;
    if (inline) this.#value = copyJson(state.result.inline);
    else this.#end = copyState(state);
    return true;
  }

  /** Whether a record is that of this run with nothing changed but its end. */
  #isEndedBy(run: Run): boolean {
    const { since } = this.#kin;
    return (
      run.kind === 'task' &&
      isUsual(run) &&
      isKin(this.#kin, run) &&
      run.inputHash === this.#inputHash &&
      run.createdAt - since === this.#created &&
      run.startedAt !== undefined &&
      run.startedAt - since === this.#started &&
      run.endedAt !== undefined &&
      isNear(run.endedAt - since)
    );
  }

  get #state(): TaskRun['state'] {
    if (this.#ended === undefined) return { ...RUNNING };
    if (this.#end !== undefined) return copyState(this.#end);
    const inline = copyJson(this.#value as JsonValue);
    return { type: 'COMPLETED', name: 'Completed', result: { inline } };
  }

  /** Its record, which shares nothing with what is kept. */
  get run(): TaskRun {
    const { since, groups, tags, ...shared } = this.#kin;
    return {
      kind: 'task',
      id: this.id,
      key: this.key,
      inputHash: this.#inputHash,
      ...shared,
      ...(groups === undefined ? {} : { groups: [...groups] }),
      tags: [...tags],
      generation: 1,
      version: this.version,
      state: this.#state,
      attempts: 1,
      recoveries: 0,
      createdAt: since + this.#created,
      startedAt: since + this.#started,
      ...(this.#ended === undefined ? {} : { endedAt: since + this.#ended }),
      dependsOn: [],
    };
  }
}
