import type {
  ArtifactWrite,
  CacheWrite,
  Fence,
  InputWrite,
  LogWrite,
  RunId,
  ScheduleWrite,
  WriteOutcome,
} from '@holdfast/core';
import { refuseMisshapenBeside } from '../../record/beside-write.ts';
import type { BesideWrite } from '../../record/beside-write.ts';
import { GRAVITY } from '../../record/note-row.ts';
import { besideStatements } from './beside-statements.ts';
import type { BesideStatements } from './beside-statements.ts';
import type { Database } from './database.ts';

/** What is known of roots within the transaction. */
export interface Roots {
  /** Whether a top-level run with this id is in the store. */
  has(rootId: RunId): boolean;
  /** Whether this epoch of its lease is in force. */
  holds(fence: Fence): boolean;
}

const APPLIED: WriteOutcome = { ok: true };
const VERSION: WriteOutcome = { ok: false, conflict: 'version' };
const FENCED: WriteOutcome = { ok: false, conflict: 'fence' };

/** Applies the writes beside the runs, within a transaction that the caller has begun. */
export class BesideRuns {
  readonly #sql: BesideStatements;
  readonly #roots: Roots;

  constructor(database: Database, roots: Roots) {
    this.#sql = besideStatements(database);
    this.#roots = roots;
  }

  apply(write: BesideWrite): WriteOutcome {
    refuseMisshapenBeside(write);
    switch (write.kind) {
      case 'log':
        return this.#addLine(write);
      case 'artifact':
        return this.#putArtifact(write);
      case 'cache':
        return this.#putCached(write);
      case 'input':
        return this.#giveInput(write);
      case 'schedule':
        return this.#putSchedule(write);
    }
  }

  #addLine({ entry }: LogWrite): WriteOutcome {
    if (!this.#roots.has(entry.rootId)) return APPLIED;
    const { rootId, runId, generation, attempt, at, level, message, fields } = entry;
    const fieldsJson = fields === undefined ? null : JSON.stringify(fields);
    const gravity = GRAVITY[level];
    this.#sql.insertLine.run([
      rootId,
      runId,
      generation,
      attempt,
      at,
      gravity,
      message,
      fieldsJson,
    ]);
    return APPLIED;
  }

  #putArtifact({ artifact, fence }: ArtifactWrite): WriteOutcome {
    if (!this.#roots.holds(fence)) return FENCED;
    const { rootId, runId, key, generation, at, description = null, body } = artifact;
    const facts = [generation, at, description, JSON.stringify(body)];
    this.#sql.putArtifact.run([rootId, runId, key, ...facts, ...facts]);
    return APPLIED;
  }

  #putCached({ entry, fence }: CacheWrite): WriteOutcome {
    if (!this.#roots.holds(fence)) return FENCED;
    const { key, runId, generation, at, expiresAt = null, result } = entry;
    const facts = [runId, generation, at, expiresAt, JSON.stringify(result)];
    this.#sql.putCached.run([key, ...facts, ...facts]);
    return APPLIED;
  }

  #giveInput({ input }: InputWrite): WriteOutcome {
    if (!this.#roots.has(input.rootId)) return VERSION;
    const { rootId, runId, generation, name, at, value } = input;
    this.#sql.insertInput.run([rootId, runId, generation, name, at, JSON.stringify(value)]);
    return APPLIED;
  }

  #putSchedule({ expectVersion, schedule }: ScheduleWrite): WriteOutcome {
    const { name, version, doneUntil, paused, updatedAt, facts } = schedule;
    const next = [version, doneUntil, paused ? 1 : 0, updatedAt, JSON.stringify(facts)];
    const { changes } =
      expectVersion === 0
        ? this.#sql.insertSchedule.run([name, ...next])
        : this.#sql.updateSchedule.run([...next, name, expectVersion]);
    return changes === 0 ? VERSION : APPLIED;
  }
}
