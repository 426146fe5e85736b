import type { Definition, Loose } from '../definition/definition.ts';
import type { HookInfo } from '../definition/hook-info.ts';
import type { PendingHook, Run } from '../model/run.ts';
import type { CompletedState, State } from '../model/state.ts';
import { fromFailure } from '../serial/failure-codec.ts';
import { scrubError } from '../serial/scrub-error.ts';
import type { EngineCore } from './engine-core.ts';
import { outsideScope } from './scope.ts';
import { decoded } from './stored-value.ts';

/** A hook that is due, the run it belongs to, and its definition as far as it is known. */
export interface HookDue {
  readonly due: PendingHook;
  readonly run: Run;
  readonly definition: Definition | undefined;
}

/** How the call of a hook ended. `untold`: what it is about cannot be read, so it was not called. */
export type HookEnd =
  | { readonly kind: 'returned' | 'untold' }
  | { readonly kind: 'threw'; readonly error: unknown };

/** Calls hooks that are due, and notes that they were delivered. At least once: a crash in between repeats it. */
export class HookDelivery {
  readonly #engine: EngineCore;

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  /**
   * Calls a hook, as code of no run. What it throws goes to the log and the event 'hook-failed', and counts as
   * delivered; so does a hook that its definition no longer has.
   *
   * @returns false when this engine does not know the definition, or cannot read what the hook is told: it stays due
   */
  async deliver({ due, run, definition: given }: HookDue): Promise<boolean> {
    const definition = given ?? this.#engine.definitions.get(run.kind, run.name);
    if (definition === undefined) return false;
    if (definition.hooks[due.hook] !== undefined) {
      const end = await this.call(definition, due);
      if (end.kind === 'untold') return false;
    }
    await this.delivered(due.id);
    return true;
  }

  /**
   * Calls a hook that its definition has, as code of no run. What it throws is told by the log and by an event.
   *
   * @param more what it is told beside what all hooks are
   */
  async call(definition: Definition, due: PendingHook, more: object = {}): Promise<HookEnd> {
    const { id, runId, rootId, hook, state } = due;
    const { kind, name } = definition;
    let subject: readonly unknown[];
    try {
      const told = this.#subject(state);
      subject = told instanceof Promise ? await told : told;
    } catch (error) {
      this.#engine.logger.error({ hook: due.id, err: error }, 'a hook cannot be told its value');
      return { kind: 'untold' };
    }
    const info: HookInfo = { id, kind, runId, rootId, name, state, ...more };
    const call = definition.hooks[hook] as Loose;
    try {
      await outsideScope(() => Reflect.apply(call, definition.self, [...subject, info]));
      return { kind: 'returned' };
    } catch (error) {
      scrubError(error, this.#engine.scrubber.scrub);
      this.#engine.logger.error({ runId, hook, err: error }, 'a hook threw');
      this.#engine.events.emit('hook-failed', { runId, hook, error });
      return { kind: 'threw', error };
    }
  }

  /** Takes hooks off the list of those that are due. */
  async delivered(...ids: readonly string[]): Promise<void> {
    const write = async (id: string): Promise<void> => {
      try {
        await this.#engine.writer.write({ kind: 'hook-delivered', id }, 'process');
      } catch (error) {
        // It stays due and is delivered again: at least once.
        this.#engine.logger.warn({ hook: id, err: error }, 'a delivered hook could not be noted');
      }
    };
    await Promise.all(ids.map(write));
  }

  #result({ result }: CompletedState): readonly unknown[] | Promise<readonly unknown[]> {
    const read = decoded(this.#engine, result);
    return read instanceof Promise ? read.then(({ value }) => [value]) : [read.value];
  }

  /** What a hook is about, before the information that all of them get. */
  #subject(state: State): readonly unknown[] | Promise<readonly unknown[]> {
    switch (state.type) {
      case 'COMPLETED':
        return this.#result(state);
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
