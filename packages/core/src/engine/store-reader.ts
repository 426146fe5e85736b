import { optionsInvalid, runUnknown } from '../errors/errors.ts';
import type { RunArtifact } from '../model/artifact.ts';
import type { RunId } from '../model/ids.ts';
import { LOG_LEVELS } from '../model/log-entry.ts';
import type { HistoryEntry, Run } from '../model/run.ts';
import { STATE_TYPES } from '../model/state.ts';
import type { Explanation } from '../reading/explanation.ts';
import type { Timeline } from '../reading/timeline.ts';
import type { StoredLogEntry } from '../store/run-notes.ts';
import type { RunQuery } from '../store/run-store.ts';
import { infoOf, type DefinitionInfo } from './definition-info.ts';
import type { EngineCore } from './engine-core.ts';
import { explainRun, flowchartOf, readTimeline } from './reading-back.ts';
import type { LogFilter, RunReader } from './run-reader.ts';

function checkFilter({ level, after = 0, limit = 1 }: LogFilter): void {
  const wrong =
    (level !== undefined &&
      !LOG_LEVELS.includes(level) &&
      `there is no level ${JSON.stringify(level)}`) ||
    (!(after >= 0) && 'after is no position') ||
    (!(Number.isSafeInteger(limit) && limit >= 1) && 'limit is no whole number from 1');
  if (wrong === false) return;
  const hint = `Levels: ${LOG_LEVELS.join(', ')}; positions are those of lines.`;
  throw optionsInvalid('The filter of logs()', wrong, hint);
}

function checkQuery({ states, order, limit = 0 }: RunQuery): void {
  const known = states?.every((state) => STATE_TYPES.includes(state)) ?? true;
  const wrong =
    (!known && 'states names one that there is not') ||
    (order !== undefined && order !== 'newest' && order !== 'oldest' && 'order is none') ||
    (!(Number.isSafeInteger(limit) && limit >= 0) && 'limit is no whole number from 0');
  if (wrong === false) return;
  const hint = `States: ${STATE_TYPES.join(', ')}. Orders: newest, oldest.`;
  throw optionsInvalid('The query of runs()', wrong, hint);
}

/** The reading half of an engine. */
export abstract class StoreReader implements RunReader {
  protected readonly core: EngineCore;

  constructor(core: EngineCore) {
    this.core = core;
  }

  /** Opens the store, where it is not open yet. */
  protected abstract ready(): Promise<void>;

  definitions(): readonly DefinitionInfo[] {
    return this.core.definitions.all().map(infoOf);
  }

  async runs(query: RunQuery = {}): Promise<readonly Run[]> {
    checkQuery(query);
    await this.ready();
    return this.core.store.runs(query);
  }

  async below(id: RunId): Promise<readonly Run[]> {
    await this.ready();
    return this.core.store.below(id);
  }

  async history(id: RunId): Promise<readonly HistoryEntry[]> {
    await this.ready();
    const history = await this.core.store.history(id);
    if (history.length === 0) throw runUnknown(id);
    return history;
  }

  async logs(id: RunId, filter: LogFilter = {}): Promise<readonly StoredLogEntry[]> {
    checkFilter(filter);
    const { rootId } = await this.#run(id);
    const { runId, ...rest } = filter;
    const only = id === rootId ? runId : id;
    if (runId !== undefined && only !== runId) return [];
    return this.core.store.logs({
      ...rest,
      rootId,
      ...(only === undefined ? {} : { runId: only }),
    });
  }

  async artifacts(id: RunId): Promise<readonly RunArtifact[]> {
    const { rootId } = await this.#run(id);
    const all = await this.core.store.artifacts(rootId);
    return id === rootId ? all : all.filter(({ runId }) => runId === id);
  }

  async explain(id: RunId): Promise<Explanation> {
    await this.ready();
    return explainRun(this.core, id);
  }

  async mermaid(id: RunId): Promise<string> {
    await this.ready();
    return flowchartOf(this.core, id);
  }

  async timeline(id: RunId): Promise<Timeline> {
    await this.ready();
    return readTimeline(this.core, id);
  }

  async #run(id: RunId): Promise<Run> {
    await this.ready();
    const run = await this.core.store.run(id);
    if (run === undefined) throw runUnknown(id);
    return run;
  }
}
