import type { Timer } from '../../clock/clock.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Progress, ToldProgress } from '../../events/engine-events.ts';
import type { ArtifactBody } from '../../model/artifact.ts';
import type { EpochMs } from '../../model/state.ts';
import type { Execution } from '../execution.ts';
import { keepableText } from '../engine-core.ts';
import type { RunHandle } from '../run-handle.ts';
import {
  artifactBody,
  artifactDescription,
  checkArtifactKey,
  checkProgress,
  type GivenArtifact,
} from './artifact-body.ts';
import { Pace } from './pace.ts';

/** The least time between two writes of how far a run has come, in milliseconds. */
const BETWEEN = 1000;
/** The most artifacts of one run. */
const MOST_KEYS = 100;

/** Keeps what a run leaves for people, while this process executes it. */
export class ArtifactKeeper {
  readonly #execution: Execution;
  readonly #handle: RunHandle;
  readonly #keys = new Set<string>();
  /** How far the run has come, where that is not written yet. */
  #waiting: ToldProgress | undefined;
  readonly #pace = new Pace();
  #writtenAt: EpochMs | undefined;
  #timer: Timer | undefined;

  constructor(execution: Execution, handle: RunHandle) {
    this.#execution = execution;
    this.#handle = handle;
  }

  /**
   * Keeps an artifact; resolves when it is committed.
   *
   * @throws `RUN_ARTIFACT_INVALID`, at once
   */
  put(key: string, given: GivenArtifact, about?: string): Promise<void> {
    const { engine } = this.#execution;
    checkArtifactKey(engine, key);
    const body = artifactBody(engine, key, given);
    const description = artifactDescription(engine, key, about);
    this.#count(key);
    return this.#write(key, body, description);
  }

  #count(key: string): void {
    if (this.#keys.size < MOST_KEYS || this.#keys.has(key)) {
      this.#keys.add(key);
      return;
    }
    throw new HoldfastError(
      'RUN_ARTIFACT_INVALID',
      `The artifact '${key}' cannot be kept: its run has ${MOST_KEYS} others.`,
      { hint: 'Replace one under its key, or make a table of them.', retryable: false },
    );
  }

  /**
   * Keeps how far the run has come: now, or when a second has passed since the last time.
   *
   * @returns that, with what follows from it
   */
  progress(progress: Progress): ToldProgress {
    checkProgress(progress);
    const { clock } = this.#execution;
    const { done, total, unit } = progress;
    const given = total === undefined ? { done, unit } : { done, total, unit };
    const told = this.#pace.told(given, clock.now());
    this.#waiting = told;
    const since = this.#writtenAt === undefined ? BETWEEN : clock.now() - this.#writtenAt;
    // A clock that was set back tells nothing.
    if (since >= BETWEEN || since < 0) this.flush();
    else this.#timer ??= clock.setTimer(BETWEEN - since, () => this.flush(), { background: true });
    return told;
  }

  /** Writes how far the run has come, if it is not written yet. */
  flush(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    if (this.#waiting === undefined) return;
    const { unit, ...rest } = this.#waiting;
    this.#waiting = undefined;
    const { engine, clock } = this.#execution;
    this.#writtenAt = clock.now();
    const body = { kind: 'progress', ...rest, unit: keepableText(engine, unit) } as const;
    void this.#write('progress', body);
  }

  /** Nothing has to look at the promise. */
  #write(key: string, body: ArtifactBody, description?: string): Promise<void> {
    const { engine, clock } = this.#execution;
    const { id: runId, rootId, generation } = this.#handle.run;
    const about = description === undefined ? {} : { description };
    const artifact = { runId, rootId, generation, key, at: clock.now(), ...about, body };
    const written = this.#execution
      .fenced((fence) => ({ kind: 'artifact', artifact, fence }), 'process')
      .then((outcome) => {
        if (!outcome.ok) throw this.#execution.lose();
      });
    written.catch((error: unknown) => {
      engine.logger.warn({ runId, artifact: key, err: error }, 'an artifact could not be kept');
    });
    return written;
  }
}

const keepers = new WeakMap<RunHandle, ArtifactKeeper>();

/** The one that keeps the artifacts of a run, over its attempts. */
export function artifactKeeper(execution: Execution, handle: RunHandle): ArtifactKeeper {
  let keeper = keepers.get(handle);
  if (keeper === undefined) keepers.set(handle, (keeper = new ArtifactKeeper(execution, handle)));
  return keeper;
}
