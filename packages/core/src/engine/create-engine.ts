import { sleep } from '../clock/clock.ts';
import type { Definition } from '../definition/definition.ts';
import { engineStopped, notTopLevel, runNotEnded, runUnknown } from '../errors/errors.ts';
import type { EngineEvents } from '../events/engine-events.ts';
import { durationMs } from '../model/duration.ts';
import type { RunId } from '../model/ids.ts';
import { requestCancel } from './cancel-request.ts';
import { coreOf } from './core-of.ts';
import type { CallTarget, Engine, StartOptions } from './engine.ts';
import { assertRunnable } from './engine-core.ts';
import type { EngineOptions } from './engine-options.ts';
import { flowAround } from './flow-around.ts';
import type { FlowHandle, RecoveryReport } from './flow-handle.ts';
import { definitionFor, schedulesOf } from './given-definitions.ts';
import { Recoverer, type RecoveryHost } from './recoverer.ts';
import {
  sweepResults,
  type ResultsSwept,
  type SweepResultsOptions,
} from './results/sweep-results.ts';
import { enqueue } from './queues/enqueue.ts';
import {
  queuePlace,
  workTerms,
  type EnqueueOptions,
  type WorkOptions,
} from './queues/queue-options.ts';
import { QueueWork } from './queues/queue-work.ts';
import type { QueuedTask } from './queues/queued-task.ts';
import type { QueueWorker } from './queues/queues.ts';
import type { PruneOptions, PruneReport } from './retention/prune-options.ts';
import { Retention } from './retention/retention.ts';
import { retentionRules } from './retention/retention-options.ts';
import { retryRun } from './retry-run.ts';
import type { RunStarter } from './schedules/occurrence.ts';
import { Scheduler } from './schedules/scheduler.ts';
import { Service } from './service.ts';
import { foreignHandle, handleOf, quiet, RootRun } from './root-run.ts';
import { StoreReader } from './store-reader.ts';
import { provideInput } from './waiting/provide-input.ts';

const LOOK_AGAIN = 30_000;

class HoldfastEngine extends StoreReader implements Engine, CallTarget {
  readonly #roots = new Map<RunId, RootRun>();
  /** Claimed from queues: their flows may be anywhere. */
  readonly #tasks = new Set<QueuedTask>();
  readonly #starting = new Set<Promise<unknown>>();
  /** Ends what waits for runs of other processes; aborted once the engine interrupts its own. */
  readonly #waiting = new AbortController();
  readonly schedules: Scheduler;
  readonly #retention: Retention;
  readonly #service: Service;
  readonly #recoverer: Recoverer;
  #opened: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: EngineOptions) {
    super(coreOf(options));
    const { definitions, limits } = this.core;
    for (const flow of options.flows ?? []) definitions.register(definitionFor(flow, 'flow'));
    for (const task of options.tasks ?? []) definitions.register(definitionFor(task, 'task'));
    const schedules = schedulesOf(options);
    for (const { definition } of schedules) definitions.note(definition);
    for (const definition of definitions.all()) limits.check(definition);
    this.schedules = new Scheduler(this.core, schedules, this.#starter(), () => this.ready());
    this.#recoverer = new Recoverer(this.core, this.#recoveryHost());
    this.#retention = new Retention(this.core, retentionRules(options.retention ?? {}));
    this.#service = new Service(this.core, this.#recoverer, [this.schedules, this.#retention]);
  }

  #recoveryHost(): RecoveryHost {
    const stopping = (): boolean => this.#stopped !== undefined;
    return {
      get stopping() {
        return stopping();
      },
      has: (id) => this.#roots.has(id),
      worksOn: (queue) => [...this.core.workers].some((worker) => worker.isOn(queue)),
      keep: (root) => this.#keep(root),
      keepTask: (task) => this.#keepTask(task),
      unlessStopped: (work) => this.#unlessStopped(work),
    };
  }

  /** Starts and cancels runs for the schedules. */
  #starter(): RunStarter {
    return {
      start: ({ definition, queue }, args, terms) =>
        queue === undefined
          ? this.startDefinition(definition, args, terms)
          : this.#unlessStopped(
              enqueue(this.core, definition, args, terms, { queue, dueAt: undefined }),
            ),
      skip: ({ definition }, args, terms, reason) =>
        this.#unlessStopped(RootRun.skip(this.core, definition, args, terms, reason)),
      cancel: (id, reason) => this.cancel(id, reason),
    };
  }

  async serve(options: { readonly recoverEvery?: number | string } = {}): Promise<RecoveryReport> {
    await this.ready();
    return this.#service.start(durationMs(options.recoverEvery ?? LOOK_AGAIN, 'recoverEvery'));
  }

  async prune(options: PruneOptions): Promise<PruneReport> {
    await this.ready();
    return this.#retention.prune(options);
  }

  async sweepResults(options: SweepResultsOptions = {}): Promise<ResultsSwept> {
    await this.ready();
    return sweepResults(this.core, options);
  }

  get events(): EngineEvents {
    return this.core.events;
  }

  protected async ready(): Promise<void> {
    if (this.#stopped !== undefined) throw engineStopped();
    this.#opened ??= this.core.store.open();
    try {
      await this.#opened;
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }

  #keep(root: RootRun): FlowHandle<unknown> {
    this.#roots.set(root.id, root);
    const forget = (): boolean => this.#roots.delete(root.id);
    root.ended.then(forget, forget);
    // It came about while the engine was being stopped: it is left to a recovery.
    if (this.#waiting.signal.aborted) root.execution.stop(engineStopped());
    return handleOf(root);
  }

  #keepTask(task: QueuedTask): void {
    this.#tasks.add(task);
    const forget = (): boolean => this.#tasks.delete(task);
    task.ended.then(forget, forget);
    if (this.#waiting.signal.aborted) task.execution.stop(engineStopped());
  }

  /** What is under way at this moment. */
  get #underWay(): readonly (RootRun | QueuedTask)[] {
    return [...this.#roots.values(), ...this.#tasks];
  }

  async startDefinition(
    given: Definition,
    args: readonly unknown[],
    options: StartOptions,
  ): Promise<FlowHandle<unknown>> {
    await this.ready();
    assertRunnable(this.core, given);
    const definition = given.kind === 'flow' ? given : flowAround(given);
    this.core.definitions.note(definition);
    const starting = RootRun.start(this.core, definition, args, options);
    const started = await this.#unlessStopped(starting);
    return started instanceof RootRun ? this.#keep(started) : this.find(started.id);
  }

  /** Lets `stop()` wait for what is about to add runs to this engine. */
  async #unlessStopped<T>(work: Promise<T>): Promise<T> {
    this.#starting.add(work);
    try {
      return await work;
    } finally {
      this.#starting.delete(work);
    }
  }

  run(flow: unknown, args: readonly unknown[] = []): Promise<never> {
    return quiet(this.start(flow, args).then((handle) => handle.result()));
  }

  async start(
    flow: unknown,
    args: readonly unknown[],
    options: StartOptions = {},
  ): Promise<FlowHandle<never>> {
    const definition = definitionFor(flow, 'flow');
    return (await this.startDefinition(definition, args, options)) as FlowHandle<never>;
  }

  async enqueue(
    flow: unknown,
    args: readonly unknown[],
    options: EnqueueOptions = {},
  ): Promise<FlowHandle<never>> {
    const definition = definitionFor(flow, 'flow');
    const place = queuePlace(options);
    await this.ready();
    this.core.definitions.note(definition);
    const enqueued = enqueue(this.core, definition, args, options, place);
    return (await this.find(await this.#unlessStopped(enqueued))) as FlowHandle<never>;
  }

  async work(options: WorkOptions = {}): Promise<QueueWorker> {
    const terms = workTerms(options);
    await this.ready();
    const worker = await QueueWork.start(this.core, this.#recoveryHost(), terms);
    this.core.workers.add(worker);
    if (this.#stopped === undefined) await this.serve();
    else await worker.stop();
    return worker;
  }

  async recover(): Promise<RecoveryReport> {
    await this.ready();
    return this.#recoverer.recover();
  }

  async provideInput(id: RunId, name: string, value: unknown): Promise<void> {
    await this.ready();
    await this.#unlessStopped(provideInput(this.core, id, name, value));
    this.#service.wake();
  }

  async find(id: RunId): Promise<FlowHandle<unknown>> {
    await this.ready();
    const local = this.#roots.get(id);
    if (local !== undefined) return handleOf(local);
    const run = await this.core.store.run(id);
    if (run?.kind !== 'flow') throw runUnknown(id);
    const cancel = (reason: string): Promise<void> => this.cancel(id, reason);
    return foreignHandle(this.core, id, cancel, this.#waiting.signal);
  }

  async retry(id: RunId): Promise<FlowHandle<unknown>> {
    await this.ready();
    if (this.#roots.has(id)) throw runNotEnded('a flow of this engine', id);
    return this.#keep(await this.#unlessStopped(retryRun(this.core, id)));
  }

  async cancel(id: RunId, reason = 'cancelled by the engine'): Promise<void> {
    await this.ready();
    const local = this.#roots.get(id);
    if (local !== undefined) {
      await handleOf(local).cancel(reason);
      return;
    }
    const run = await this.core.store.run(id);
    if (run === undefined) throw runUnknown(id);
    if (run.rootId !== id) throw notTopLevel(run.name, id);
    await requestCancel(this.core, id, reason);
    await this.#recoverer.endCancelled(run, reason);
  }

  stop(options: { readonly timeout?: number | string } = {}): Promise<void> {
    this.#stopped ??= this.#stop(durationMs(options.timeout ?? 0, 'The timeout of stop()'));
    return this.#stopped;
  }

  async #stop(timeout: number): Promise<void> {
    await Promise.all(Array.from(this.core.workers, (worker) => worker.stop()));
    await this.#service.stop();
    for (const each of this.#underWay) each.execution.stopOncePaused(engineStopped());
    if (timeout > 0 && this.#underWay.length > 0) {
      const waited = new AbortController();
      await Promise.race([
        Promise.allSettled(this.#underWay.map(({ ended }) => ended)),
        sleep(this.core.clock, timeout, waited.signal).catch(() => undefined),
      ]);
      waited.abort();
    }
    this.#waiting.abort(engineStopped());
    for (const { execution } of this.#underWay) execution.stop(engineStopped());
    await Promise.allSettled(this.#starting);
    // What is under way by now: runs that were being started have joined, and were stopped as they did.
    await Promise.allSettled(this.#underWay.map(({ ended }) => ended));
    await this.core.writer.idle();
    await this.core.permits.stop();
    if (this.#opened !== undefined) await this.core.store.close();
  }
}

/**
 * Makes an engine.
 *
 * @throws `OPTIONS_INVALID` when two flows share a name, or one is no flow
 */
export function createEngine(options: EngineOptions): Engine {
  return new HoldfastEngine(options);
}
