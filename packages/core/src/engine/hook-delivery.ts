import type { Definition } from '../definition/definition.ts';
import type { HookInfo } from '../definition/options.ts';
import type { PendingHook, Run } from '../model/run.ts';
import type { State } from '../model/state.ts';
import { fromFailure } from '../serial/failure-codec.ts';
import type { EngineCore } from './engine-core.ts';
import { storedValue } from './stored-value.ts';

/** Calls hooks that are due, and notes that they were delivered. At least once: a crash in between repeats it. */
export class HookDelivery {
  readonly #engine: EngineCore;

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  /**
   * Calls a hook. What it throws goes to the log and the event 'hook-failed', and counts as delivered.
   *
   * @returns false when this engine does not know the definition: the hook stays due
   */
  async deliver(due: PendingHook): Promise<void> {
    const run = await this.#engine.store.run(due.runId).catch(() => undefined);
    const definition = run && this.#engine.definitions.get(run.kind, run.name);
    const hook = definition?.hooks[due.hook];
    if (run === undefined || definition === undefined || hook === undefined) return;
    try {
      await Reflect.apply(hook, definition.self, [
        ...this.#subject(due.state),
        this.#info(due, run, definition),
      ]);
    } catch (error) {
      const { runId, hook: name } = due;
      this.#engine.logger.error({ runId, hook: name, err: error }, 'a hook threw');
      this.#engine.events.emit('hook-failed', { runId, hook: name, error });
    }
    await this.#delivered(due);
  }

  async #delivered(due: PendingHook): Promise<void> {
    try {
      await this.#engine.writer.write({ kind: 'hook-delivered', id: due.id }, 'process');
    } catch (error) {
      // It stays due and is delivered again: at least once.
      this.#engine.logger.warn({ hook: due.id, err: error }, 'a delivered hook could not be noted');
    }
  }

  #info(due: PendingHook, run: Run, definition: Definition): HookInfo {
    return { runId: run.id, rootId: run.rootId, name: definition.name, state: due.state };
  }

  /** What a hook is about, before the information that all of them get. */
  #subject(state: State): readonly unknown[] {
    switch (state.type) {
      case 'COMPLETED':
        return [this.#engine.codec.decode(storedValue(state.result))];
      case 'FAILED':
      case 'CRASHED':
        return [fromFailure(state.error)];
      case 'CANCELLED':
      case 'SKIPPED':
        return [state.reason];
      case 'SCHEDULED':
        return state.name === 'AwaitingRetry' ? [fromFailure(state.error)] : [];
      case 'PENDING':
      case 'RUNNING':
      case 'PAUSED':
      case 'CANCELLING':
        return [];
    }
  }
}
