import type { RunArtifact } from '../../model/artifact.ts';
import type { RunId } from '../../model/ids.ts';
import { LOG_LEVELS, type LogEntry } from '../../model/log-entry.ts';
import type { LogQuery, StoredLogEntry } from '../run-notes.ts';
import { copyJson } from './copy-records.ts';

const DEFAULT_LIMIT = 1000;

/** The lines and artifacts of a memory store. */
export class MemoryNotes {
  readonly #logs = new Map<RunId, StoredLogEntry[]>();
  readonly #artifacts = new Map<RunId, Map<string, RunArtifact>>();
  #position = 0;

  addLine(entry: LogEntry): void {
    const lines = this.#logs.get(entry.rootId) ?? [];
    this.#logs.set(entry.rootId, lines);
    lines.push({ ...copyJson(entry), position: ++this.#position });
  }

  putArtifact(artifact: RunArtifact): void {
    const kept = this.#artifacts.get(artifact.rootId) ?? new Map<string, RunArtifact>();
    this.#artifacts.set(artifact.rootId, kept);
    kept.set(`${artifact.runId}|${artifact.key}`, copyJson(artifact));
  }

  logs({ rootId, runId, level, after = 0, limit = DEFAULT_LIMIT }: LogQuery): StoredLogEntry[] {
    const least = level === undefined ? 0 : LOG_LEVELS.indexOf(level);
    const lines = this.#logs.get(rootId) ?? [];
    return lines
      .filter(
        (line) =>
          line.position > after &&
          (runId === undefined || line.runId === runId) &&
          LOG_LEVELS.indexOf(line.level) >= least,
      )
      .slice(0, limit)
      .map(copyJson);
  }

  artifacts(rootId: RunId): RunArtifact[] {
    return Array.from(this.#artifacts.get(rootId)?.values() ?? [], copyJson);
  }

  forget(rootId: RunId): void {
    this.#logs.delete(rootId);
    this.#artifacts.delete(rootId);
  }
}
