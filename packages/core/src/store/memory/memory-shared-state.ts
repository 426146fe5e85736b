import type { RunId } from '../../model/ids.ts';
import type { CachedResult, GivenInput, ScheduleRecord } from '../../model/shared-state.ts';
import type { EpochMs } from '../../model/state.ts';
import type { ScheduleWrite } from '../shared-state.ts';
import { copyJson } from './copy-records.ts';
import { MemoryPermits } from './memory-permits.ts';

/** At most so many expired results are forgotten at once. */
const EXPIRED_LIMIT = 1000;

/** What runs have in common, in a memory store. */
export class MemorySharedState {
  readonly permits = new MemoryPermits();
  readonly #cache = new Map<string, CachedResult>();
  readonly #inputs = new Map<RunId, Map<string, GivenInput>>();
  readonly #schedules = new Map<string, ScheduleRecord>();

  cached(key: string): CachedResult | undefined {
    return copyJson(this.#cache.get(key));
  }

  putCached(entry: CachedResult): void {
    this.#cache.set(entry.key, copyJson(entry));
  }

  forgetExpired(now: EpochMs): void {
    const expired = [...this.#cache.values()].filter(
      ({ expiresAt }) => expiresAt !== undefined && expiresAt < now,
    );
    for (const { key } of expired.slice(0, EXPIRED_LIMIT)) this.#cache.delete(key);
  }

  inputs(rootId: RunId): GivenInput[] {
    return Array.from(this.#inputs.get(rootId)?.values() ?? [], copyJson);
  }

  giveInput(input: GivenInput): void {
    const given = this.#inputs.get(input.rootId) ?? new Map<string, GivenInput>();
    this.#inputs.set(input.rootId, given);
    const key = `${input.runId}|${input.generation}|${input.name}`;
    if (!given.has(key)) given.set(key, copyJson(input));
  }

  forget(rootId: RunId): void {
    this.#inputs.delete(rootId);
  }

  schedules(): ScheduleRecord[] {
    const all = Array.from(this.#schedules.values(), copyJson);
    return all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** False when the record is not at the expected version. */
  putSchedule({ expectVersion, schedule }: ScheduleWrite): boolean {
    if ((this.#schedules.get(schedule.name)?.version ?? 0) !== expectVersion) return false;
    this.#schedules.set(schedule.name, copyJson(schedule));
    return true;
  }
}
