import { EventEmitter } from 'eventemitter3';
import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import type { EpochMs, State } from '../model/state.ts';
import type { TransactionId } from '../model/transaction.ts';

/** How far a task has come. */
export interface Progress {
  readonly done: number;
  /** Absent when the end is not known. */
  readonly total?: number;
  /** What is counted: 'bytes', 'files', 'rows'. */
  readonly unit: string;
}

/** How far a task has come, with what follows from it. */
export interface ToldProgress extends Progress {
  /** Units a second, since it first told how far it was; absent in the first second. */
  readonly rate?: number;
  /** When all will be done if it goes on at this rate, in epoch milliseconds; absent where the end is not known. */
  readonly eta?: EpochMs;
}

/** What an engine tells, and with what. Best effort: after the commit, never instead of it. */
export interface EngineEventMap {
  /** A run reached a state, and the store has it. A run passes through several at once: one event each. */
  state: [event: { readonly run: Run; readonly state: State }];
  /** A run that had ended before was not executed again: its stored outcome was given. */
  replayed: [event: { readonly run: Run }];
  /** A task told how far it is. */
  progress: [
    event: {
      readonly runId: RunId;
      readonly rootId: RunId;
      readonly name: string;
      readonly progress: ToldProgress;
    },
  ];
  /** A transaction was committed, or everything that was done in it was undone as far as its hooks are known here. */
  transaction: [
    event: {
      readonly id: TransactionId;
      readonly name: string;
      /** The run whose code opened it. */
      readonly runId: RunId;
      readonly rootId: RunId;
      readonly outcome: 'committed' | 'rolled-back';
    },
  ];
  /** What a run had done was undone. */
  'rolled-back': [event: { readonly run: Run }];
  /** A hook threw; nothing else changes, unless it was a commit hook, which fails its transaction. */
  'hook-failed': [event: { readonly runId: RunId; readonly hook: string; readonly error: unknown }];
  /** Something to look at that stops nothing; `code` is stable. */
  warning: [event: { readonly code: string; readonly message: string; readonly runId?: RunId }];
}

/** The names of an engine's events. */
export type EngineEventName = keyof EngineEventMap;

/**
 * Typed events of an engine. A listener that throws changes nothing but the log: it is taken for a fault of
 * the listener.
 */
export class EngineEvents {
  readonly #emitter = new EventEmitter<EngineEventMap>();
  readonly #onListenerError: (event: EngineEventName, error: unknown) => void;

  constructor(onListenerError: (event: EngineEventName, error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Listens; returns how to stop. */
  on<E extends EngineEventName>(
    event: E,
    listener: (...args: EngineEventMap[E]) => void,
  ): () => void {
    const guarded = (...args: EngineEventMap[E]): void => {
      try {
        listener(...args);
      } catch (error) {
        this.#onListenerError(event, error);
      }
    };
    const add = this.#emitter.on.bind(this.#emitter) as (event: E, fn: typeof guarded) => unknown;
    const remove = this.#emitter.off.bind(this.#emitter) as typeof add;
    add(event, guarded);
    return () => {
      remove(event, guarded);
    };
  }

  /** Tells the listeners. For the engine. */
  emit<E extends EngineEventName>(event: E, ...args: EngineEventMap[E]): void {
    const emitter = this.#emitter as {
      emit: (event: E, ...args: EngineEventMap[E]) => boolean;
    };
    emitter.emit(event, ...args);
  }
}
