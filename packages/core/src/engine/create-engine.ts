import { systemClock } from '../clock/system-clock.ts';
import { sleep } from '../clock/clock.ts';
import { define } from '../definition/define.ts';
import { definitionOf, type Definition } from '../definition/definition.ts';
import { engineStopped, optionsInvalid, runUnknown } from '../errors/errors.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { EngineEvents } from '../events/engine-events.ts';
import { silentLogger } from '../events/logger.ts';
import { durationMs } from '../model/duration.ts';
import { newRunId, systemRandom, type RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import { createScrubber } from '../secret/scrubber.ts';
import { valueCodec } from '../serial/value-codec.ts';
import type { RunQuery } from '../store/run-store.ts';
import { ChildRun } from './child-run.ts';
import { Definitions } from './definitions.ts';
import type { CallTarget, Engine, StartOptions } from './engine.ts';
import type { EngineCore } from './engine-core.ts';
import type { EngineOptions } from './engine-options.ts';
import type { FlowHandle, RecoveryReport } from './flow-handle.ts';
import { HookDelivery } from './hook-delivery.ts';
import { Leases } from './leases.ts';
import { recoverRun } from './recovery.ts';
import { Resources } from './resources.ts';
import { foreignHandle, handleOf, RootRun } from './root-run.ts';
import { currentScope } from './scope.ts';
import { Writer } from './writer.ts';

const DEFAULT_LEASE = 30_000;

function coreOf(options: EngineOptions): EngineCore {
  const { store, clock = systemClock, random = systemRandom, logger = silentLogger } = options;
  const resources = new Resources(options.resources ?? {});
  const core = {
    store,
    clock,
    random,
    logger,
    resources,
    writer: new Writer(store),
    events: new EngineEvents((event, error) => {
      logger.error({ event, err: error }, 'a listener threw');
    }),
    definitions: new Definitions(),
    codec: valueCodec(resources),
    scrubber: createScrubber(),
    secretResolvers: options.secrets ?? {},
    codeVersion: options.codeVersion,
    aroundAttempt: options.aroundAttempt,
  } as { -readonly [K in keyof EngineCore]: EngineCore[K] };
  core.hooks = new HookDelivery(core);
  const ttl = durationMs(options.leaseTtl ?? DEFAULT_LEASE, "The engine's leaseTtl");
  core.leases = new Leases(core, ttl, newRunId(clock.now(), random));
  return core;
}

function definitionFor(value: unknown, kind: 'flow' | 'task'): Definition {
  const definition = definitionOf(value);
  if (definition?.kind === kind) return definition;
  throw optionsInvalid(
    'The engine',
    `it was given something that is no ${kind}`,
    `Define it with ${kind}().`,
  );
}

class HoldfastEngine implements Engine, CallTarget {
  readonly #core: EngineCore;
  readonly #roots = new Map<RunId, RootRun>();
  #opened: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: EngineOptions) {
    this.#core = coreOf(options);
    for (const flow of options.flows ?? [])
      this.#core.definitions.register(definitionFor(flow, 'flow'));
    for (const task of options.tasks ?? [])
      this.#core.definitions.register(definitionFor(task, 'task'));
  }

  get events(): EngineEvents {
    return this.#core.events;
  }

  async #ready(): Promise<void> {
    if (this.#stopped !== undefined) throw engineStopped();
    this.#opened ??= this.#core.store.open();
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
    return handleOf(root);
  }

  async startDefinition(
    given: Definition,
    args: readonly unknown[],
    options: StartOptions,
  ): Promise<FlowHandle<unknown>> {
    await this.#ready();
    const definition = given.kind === 'flow' ? given : flowAround(given);
    if (definition.durable && !this.#core.store.durable) {
      throw new HoldfastError(
        'DURABLE_STORE_REQUIRED',
        `The flow '${definition.name}' wants a durable store, and this engine keeps its runs in memory.`,
        { hint: 'Run it on createEngine({ store: sqliteRunStore(path) }).', retryable: false },
      );
    }
    this.#core.definitions.note(definition);
    const started = await RootRun.start(this.#core, definition, args, options.idempotencyKey);
    return started instanceof RootRun ? this.#keep(started) : this.find(started.id);
  }

  async run(flow: unknown, args: readonly unknown[] = []): Promise<never> {
    const handle = await this.start(flow, args);
    return handle.result();
  }

  async start(
    flow: unknown,
    args: readonly unknown[],
    options: StartOptions = {},
  ): Promise<FlowHandle<never>> {
    const definition = definitionFor(flow, 'flow');
    return (await this.startDefinition(definition, args, options)) as FlowHandle<never>;
  }

  async recover(): Promise<RecoveryReport> {
    await this.#ready();
    const resumed: FlowHandle<unknown>[] = [];
    const ended: RunId[] = [];
    const heldElsewhere: RunId[] = [];
    const unknown: { runId: RunId; name: string }[] = [];
    for (const open of await this.#core.store.openRuns()) {
      const { id, name } = open.run;
      if (this.#roots.has(id)) continue;
      const recovered = await recoverRun(this.#core, open);
      if (recovered.kind === 'resumed') resumed.push(this.#keep(recovered.root));
      else if (recovered.kind === 'ended') ended.push(id);
      else if (recovered.kind === 'unknown') unknown.push({ runId: id, name });
      else heldElsewhere.push(id);
    }
    return { resumed, ended, heldElsewhere, unknown };
  }

  async find(id: RunId): Promise<FlowHandle<unknown>> {
    await this.#ready();
    const local = this.#roots.get(id);
    if (local !== undefined) return handleOf(local);
    const run = await this.#core.store.run(id);
    if (run?.kind !== 'flow') throw runUnknown(id);
    return foreignHandle(this.#core, id, (reason) => this.cancel(id, reason));
  }

  async cancel(id: RunId, reason = 'cancelled by the engine'): Promise<void> {
    await this.#ready();
    const local = this.#roots.get(id);
    if (local !== undefined) {
      await handleOf(local).cancel(reason);
      return;
    }
    const run = await this.#core.store.run(id);
    if (run === undefined) throw runUnknown(id);
    await this.#core.writer.write(
      { kind: 'cancel-request', rootId: run.rootId, reason },
      'machine',
    );
  }

  async runs(query: RunQuery = {}): Promise<readonly Run[]> {
    await this.#ready();
    return this.#core.store.runs(query);
  }

  async below(id: RunId): Promise<readonly Run[]> {
    await this.#ready();
    return this.#core.store.below(id);
  }

  async history(id: RunId): ReturnType<Engine['history']> {
    await this.#ready();
    const history = await this.#core.store.history(id);
    if (history.length === 0) throw runUnknown(id);
    return history;
  }

  stop(options: { readonly timeout?: number | string } = {}): Promise<void> {
    this.#stopped ??= this.#stop(durationMs(options.timeout ?? 0, 'The timeout of stop()'));
    return this.#stopped;
  }

  async #stop(timeout: number): Promise<void> {
    const ended = Promise.allSettled([...this.#roots.values()].map((root) => root.ended));
    if (timeout > 0 && this.#roots.size > 0) {
      const waited = new AbortController();
      await Promise.race([
        ended,
        sleep(this.#core.clock, timeout, waited.signal).catch(() => undefined),
      ]);
      waited.abort();
    }
    for (const root of this.#roots.values()) root.execution.stop(engineStopped());
    await ended;
    await this.#core.writer.idle();
    if (this.#opened !== undefined) await this.#core.store.close();
  }
}

/** A task that is called outside of every flow runs in a flow of its own. */
function flowAround(task: Definition): Definition {
  const call = (...args: readonly unknown[]): unknown => {
    const scope = currentScope();
    if (scope === undefined) throw engineStopped();
    return ChildRun.start(scope, task, args).future.result();
  };
  return define('flow', call, { name: `task ${task.name}` });
}

/**
 * Makes an engine.
 *
 * @throws `OPTIONS_INVALID` when two flows share a name, or one is no flow
 */
export function createEngine(options: EngineOptions): Engine {
  return new HoldfastEngine(options);
}
