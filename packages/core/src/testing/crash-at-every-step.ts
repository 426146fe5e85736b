import { isDeepStrictEqual } from 'node:util';
import type { Args, FlowValue } from '../definition/callable-types.ts';
import type { Clock } from '../clock/clock.ts';
import { systemClock } from '../clock/system-clock.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import type { WorkOptions } from '../engine/queues/queue-options.ts';
import type { EngineOptions } from '../engine/engine-options.ts';
import { memoryRunStore } from '../store/memory/memory-run-store.ts';
import type { RunId } from '../model/ids.ts';
import type { State } from '../model/state.ts';
import type { RunStore } from '../store/run-store.ts';
import { crashingRunStore, type CrashPoint } from './crashing-run-store.ts';
import { seededRandom } from './seeded-random.ts';
import { TestClock } from './test-clock.ts';

/** What a flow that is crashed needs beside itself. */
export interface CrashOptions<F> {
  readonly args?: Args<F>;
  /** Beside the store, the clock and the random source, which each process gets anew. */
  readonly engine?: Omit<EngineOptions, 'store' | 'clock' | 'random'>;
  /** What each process works on: for flows whose tasks wait on queues. Default: on none. */
  readonly work?: WorkOptions;
  /** Called before each execution of the flow from its beginning: clean up what the last one left outside. */
  readonly prepare?: () => void | Promise<void>;
  /** Called after each recovered execution, with the crash it survived: look at what it left outside. Throw to complain. */
  readonly check?: (crash: CrashPoint) => void | Promise<void>;
  /** What to give to a run that waits for an input, by its name: each time that it waits. */
  readonly inputs?: { readonly [name: string]: unknown };
  /** Which crashes to try. Default: all of them, two for each commit. */
  readonly at?: (crash: CrashPoint) => boolean;
  /**
   * Lets time pass by itself, for flows that wait for a disk, a network or other programs; the clock of each process is
   * a week ahead of the one before. Default false: time passes only when nothing else can happen.
   */
  readonly realTime?: boolean;
  /** Whether two results count as equal. Default: deeply, strictly. */
  readonly same?: (expected: FlowValue<F>, actual: FlowValue<F>) => boolean;
}

/** What was tried. */
export interface CrashReport<R> {
  /** What the flow gives when nothing happens. */
  readonly result: R;
  /** How many crashes it survived: two for each commit, unless `at` chose among them. */
  readonly crashes: number;
}

interface Process {
  readonly engine: Engine;
  /** Waits for something, and lets time pass meanwhile. */
  readonly until: <T>(promise: PromiseLike<T>) => Promise<T>;
}

/** A week: longer than any lease and most backoffs. */
const LATER = 7 * 24 * 3_600_000;

/** The machine's clock, ahead by so many milliseconds. */
function shiftedClock(ahead: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + ahead };
}

class Crasher<F extends Function> {
  readonly #flow: F;
  readonly #options: CrashOptions<F>;
  #processes = 0;

  constructor(flow: F, options: CrashOptions<F>) {
    this.#flow = flow;
    this.#options = options;
  }

  get #args(): Args<F> {
    return this.#options.args ?? ([] as unknown as Args<F>);
  }

  /** A new process: another clock, another seed, the same store. */
  async #process(store: RunStore): Promise<Process> {
    const number = this.#processes++;
    const clock =
      this.#options.realTime === true
        ? shiftedClock(number * LATER)
        : new TestClock(Date.UTC(2026, 0, 5) + number * LATER);
    const flows = [this.#flow, ...(this.#options.engine?.flows ?? [])];
    const random = seededRandom(number + 1);
    const engine = createEngine({ ...this.#options.engine, flows, store, clock, random });
    engine.events.on('state', ({ run, state }) => this.#answer(engine, run.id, state));
    const until = async <T>(promise: PromiseLike<T>): Promise<T> =>
      clock instanceof TestClock ? clock.runUntil(promise) : promise;
    // One that dies at its first commit never comes to it.
    if (this.#options.work !== undefined) await engine.work(this.#options.work);
    return { engine, until };
  }

  #answer(engine: Engine, id: RunId, state: State): void {
    if (state.type !== 'PAUSED') return;
    const names = state.inputs ?? (state.input === undefined ? [] : [state.input]);
    for (const name of names) {
      const value = this.#options.inputs?.[name];
      // A process that dies meanwhile has given nothing: the next one does.
      if (value !== undefined) engine.provideInput(id, name, value).catch(() => undefined);
    }
  }

  #start({ engine }: Process): Promise<FlowValue<F>> {
    return engine.start(this.#flow, this.#args).then((handle) => handle.result());
  }

  async undisturbed(): Promise<{ result: FlowValue<F>; commits: number }> {
    await this.#options.prepare?.();
    const store = crashingRunStore(memoryRunStore(), undefined);
    const process = await this.#process(store);
    const result = await process.until(this.#start(process));
    return { result, commits: store.commits };
  }

  /** Executes the flow in a process that dies at a point, then recovers it in another. Undefined: it ended before the point. */
  async crashed(at: CrashPoint): Promise<{ result: FlowValue<F> } | undefined> {
    await this.#options.prepare?.();
    const inner = memoryRunStore();
    const store = crashingRunStore(inner, at);
    const first = await this.#process(store);
    const ended = this.#start(first).then(
      () => 'ended' as const,
      () => 'ended' as const,
    );
    const fate = await first.until(Promise.race([store.died.then(() => 'died' as const), ended]));
    if (fate === 'ended') return undefined;
    const second = await this.#process(crashingRunStore(inner, undefined));
    const result = await second.until(this.#recovered(second));
    await this.#options.check?.(at);
    return { result };
  }

  async #recovered(process: Process): Promise<FlowValue<F>> {
    const { engine } = process;
    // A run that is paused goes on by itself once its time has come.
    const { resumed } = await engine.serve();
    const [handle] = resumed;
    if (handle !== undefined) return (await handle.result()) as FlowValue<F>;
    const [run] = await engine.runs({ topLevel: true });
    // Nothing had reached the store: whoever wanted the flow asks again.
    if (run === undefined) return this.#start(process);
    this.#answer(engine, run.id, run.state);
    return (await (await engine.find(run.id)).result()) as FlowValue<F>;
  }
}

/**
 * Executes a flow over and over; in each execution its process dies at the next commit, once just before and
 * once just after it, and another process, with another clock and other random numbers, recovers it. Every
 * execution must give what an undisturbed one gives.
 *
 * What the flow gives must not depend on time or chance. Code that waits for something other than the engine
 * while its process "dies" goes on, unlike after a real SIGKILL.
 *
 * @throws when a recovered execution fails, or gives something else
 */
export async function crashAtEveryStep<F extends Function>(
  flow: F,
  options: CrashOptions<F> = {},
): Promise<CrashReport<FlowValue<F>>> {
  const crasher = new Crasher(flow, options);
  const same = options.same ?? isDeepStrictEqual;
  const { result, commits } = await crasher.undisturbed();
  let crashes = 0;
  for (let commit = 1; commit <= commits; commit++) {
    for (const moment of ['before', 'after'] as const) {
      if (options.at?.({ commit, moment }) === false) continue;
      const recovered = await crasher.crashed({ commit, moment });
      if (recovered === undefined) continue;
      crashes++;
      if (same(result, recovered.result)) continue;
      const texts = [result, recovered.result].map((each) => JSON.stringify(each));
      throw new Error(
        `After a crash ${moment} commit ${commit} the flow gave ${texts[1]} instead of ${texts[0]}.`,
      );
    }
  }
  return { result, crashes };
}
