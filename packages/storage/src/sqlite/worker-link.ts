import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { HoldfastError, type Durability } from '@holdfast/core';
import type { CallName, Request, Response, StoreCalls, WorkerData } from './protocol.ts';
import { errorOf, noRecord } from '../record/error-of.ts';
import { Wakefulness } from './wakefulness.ts';
import { Watch } from './watch.ts';

/** In source the worker is TypeScript, in a build JavaScript: its file ends as this one does. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js',
  import.meta.url,
);

/** For how long the host waits for an answer without giving up its turn, in milliseconds. */
const BRIEFLY = 0.15;

/** Writes that take no longer than that. */
const FEW = 4;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** The pages that have come so far. */
  readonly records: unknown[];
}

/** What is said on a dead link. */
export interface WorkerEnd {
  readonly cause?: unknown;
  readonly exitCode?: number;
}

/**
 * A worker thread and the calls it has not answered yet. The thread keeps the process alive only while
 * there are such calls. When it ends, for whatever reason, they all reject.
 */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #watch = new Watch();
  readonly #wakefulness = new Wakefulness();
  readonly #path: string;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #idle: (() => void)[] = [];
  #end: WorkerEnd | undefined;
  #failure: unknown;
  #nextId = 1;
  /** The call that was given in shared memory, and has not been answered. */
  #given: number | undefined;

  /**
   * @param path the database, for messages
   * @param file the worker's program; another one only in tests
   */
  constructor(path: string, file: URL = WORKER_FILE) {
    this.#path = path;
    const { port1, port2: port } = new MessageChannel();
    const workerData: WorkerData = { port, watch: this.#watch.memory };
    this.#worker = new Worker(file, { name: 'holdfast-sqlite', workerData, transferList: [port] });
    this.#worker.unref();
    this.#port = port1;
    this.#port.on('message', (response: Response) => this.#receive(response));
    this.#port.on('messageerror', (error) => void this.kill(error));
    this.#port.unref();
    this.#worker.on('error', (error) => (this.#failure = error));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (exitCode) => {
        this.#drain();
        this.#ended({ cause: this.#failure, exitCode });
        resolve();
      });
    });
  }

  /** False once the thread has ended: every further call rejects. */
  get alive(): boolean {
    return this.#end === undefined;
  }

  /** Sends a call at once: calls reach the worker in the order in which they are made. */
  call<C extends CallName>(call: C, argument: StoreCalls[C]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#lost(this.#end));
        return;
      }
      const id = this.#nextId++;
      const alone = this.#pending.size === 0;
      const small = alone ? smallCommit(call, argument) : undefined;
      const awake = small !== undefined && this.#wakefulness.forNext();
      const { answered } = this.#watch;
      try {
        const request = { id, call, argument };
        if (!awake || !this.#give(request)) this.#send(request);
      } catch (error) {
        reject(noRecord(error));
        return;
      }
      if (alone) this.#worker.ref();
      this.#pending.set(id, { resolve, reject, records: [] });
      if (awake) this.#awaitAwake(id, small.durability, answered);
    });
  }

  /** Gives the thread a call as a text in shared memory, if it looks out for one. */
  #give(request: Request): boolean {
    if (!this.#watch.workerLooksOut || !this.#watch.give(JSON.stringify(request))) return false;
    this.#given = request.id;
    return true;
  }

  /** Takes the answer within this turn where it is a matter of microseconds, else within one of the next turns. */
  #awaitAwake(id: number, durability: Durability, answered: number): void {
    if (this.#given === id && durability === 'process') {
      this.#watch.awaitDone(BRIEFLY);
      this.#drain();
      if (!this.#pending.has(id)) {
        this.#wakefulness.inTime();
        return;
      }
      this.#wakefulness.inVain();
    }
    this.#wakefulness.await(
      () => {
        if (this.#watch.done || this.#watch.answered !== answered) this.#drain();
        return !this.#pending.has(id);
      },
      () => {
        if (this.#given === id && !this.#watch.giveUp()) this.#drain();
      },
    );
  }

  /** Takes what the thread has said: also at its end, which is told by another way and may come first. */
  #drain(): void {
    if (this.#given !== undefined && this.#watch.done) {
      this.#receive({ id: this.#given, value: undefined });
    }
    for (;;) {
      const answer = receiveMessageOnPort(this.#port);
      if (answer === undefined) return;
      this.#receive(answer.message as Response);
    }
  }

  /** Resolves when no call is unanswered. */
  async idle(): Promise<void> {
    if (this.#pending.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when the thread has ended. */
  async exited(): Promise<void> {
    this.#worker.ref();
    await this.#exited;
  }

  /** Ends the thread without asking it. */
  async kill(cause?: unknown): Promise<void> {
    this.#failure ??= cause;
    await this.#worker.terminate();
  }

  #send(request: Request): void {
    this.#port.postMessage(request);
    this.#watch.tellAsked();
  }

  #receive(response: Response): void {
    const pending = this.#pending.get(response.id);
    if (pending === undefined) return;
    if ('page' in response) {
      pending.records.push(...response.page);
      if (!response.last) {
        // Not before the host's own work had its turn.
        setImmediate(() => this.#send({ id: response.id, call: 'next-page' }));
        return;
      }
    }
    this.#settle(response.id);
    if ('fault' in response) pending.reject(errorOf(response.fault));
    else pending.resolve('page' in response ? pending.records : response.value);
  }

  #settle(id: number): void {
    this.#pending.delete(id);
    if (this.#given === id) this.#given = undefined;
    if (this.#pending.size > 0) return;
    this.#worker.unref();
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  #ended(end: WorkerEnd): void {
    this.#end = end;
    const lost = [...this.#pending.values()];
    for (const id of this.#pending.keys()) this.#settle(id);
    for (const { reject } of lost) reject(this.#lost(end));
  }

  #lost({ cause, exitCode }: WorkerEnd): HoldfastError {
    return new HoldfastError(
      'STORE_UNAVAILABLE',
      `The thread of the run store ${this.#path} ended before it answered`,
      {
        hint: 'Whether a write was applied is not known: read the run before writing it again. The next call starts a new thread.',
        retryable: true,
        cause,
        context: { path: this.#path, exitCode: exitCode ?? null },
      },
    );
  }
}

/** A commit of few writes, of runs that hold texts and numbers alone: it can be given as JSON. */
function smallCommit<C extends CallName>(
  call: C,
  argument: StoreCalls[C],
): StoreCalls['commit'] | undefined {
  if (call !== 'commit') return undefined;
  const commit = argument as StoreCalls['commit'];
  const { writes } = commit;
  if (writes === 'prepared' || writes.length > FEW) return undefined;
  const small = writes.every(({ kind }) => kind === 'run');
  return small ? commit : undefined;
}
