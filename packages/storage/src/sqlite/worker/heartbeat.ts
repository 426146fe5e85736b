import type { Fence, LeaseRenewal, LeaseTerms, RunId } from '@holdfast/core';
import type { EncodedWrite } from '../../record/encode-write.ts';

/** How often a lease is renewed within its time. */
const BEATS = 3;

/** For so many times of its lease the host may say nothing: it is busy. Beyond, it is taken for hung. */
const SILENCE = 10;

/** A host whose clock is further from the machine's, in milliseconds, has one of its own: nothing is known of its time. */
const SAME_CLOCK = 5000;

type Renewing = (
  fences: readonly Fence[],
  terms: LeaseTerms & { readonly now: number },
) => Promise<readonly LeaseRenewal[]>;

/** Leases of one holder, with one time. */
interface Kept extends LeaseTerms {
  readonly fences: Map<string, Fence>;
}

/** Time as this thread takes it; another one only in tests. */
export interface BeatClock {
  readonly now: () => number;
  /** Calls back again and again, and keeps no process alive. Gives how to stop it. */
  readonly every: (ms: number, callback: () => void) => () => void;
}

const MACHINE: BeatClock = {
  now: Date.now,
  every: (ms, callback) => {
    const timer = setInterval(callback, ms).unref();
    return () => clearInterval(timer);
  },
};

/**
 * Goes on renewing leases where the host is too busy to: code that computes for minutes without giving its thread a
 * turn is not dead. It begins when the host has been silent for half of a lease's time, and stops when the host has
 * given no sign of life for ten times of it. The host renews them itself otherwise, and it alone learns what was lost.
 */
export class Heartbeat {
  readonly #renew: Renewing;
  readonly #clock: BeatClock;
  readonly #kept = new Map<string, Kept>();
  #heardAt: number;
  #stop: (() => void) | undefined;
  #pace = Number.POSITIVE_INFINITY;

  constructor(renew: Renewing, clock: BeatClock = MACHINE) {
    this.#renew = renew;
    this.#clock = clock;
    this.#heardAt = clock.now();
  }

  /** The host has called: it is alive. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  /** Keeps what a batch has leased. */
  committed(writes: readonly EncodedWrite[]): void {
    for (const write of writes) {
      if (write.kind !== 'run' || write.lease === undefined) continue;
      const { holder, ttl, expiresAt } = write.lease;
      this.keep([{ rootId: write.columns.id as RunId, epoch: 1 }], {
        holder,
        ttl,
        now: expiresAt - ttl,
      });
    }
  }

  /** Keeps leases that were granted or renewed. */
  keep(fences: readonly Fence[], terms: LeaseTerms & { readonly now: number }): void {
    const { holder, ttl, now } = terms;
    if (fences.length === 0 || Math.abs(now - this.#clock.now()) > SAME_CLOCK) return;
    const name = `${holder} ${ttl}`;
    let kept = this.#kept.get(name);
    if (kept === undefined) this.#kept.set(name, (kept = { holder, ttl, fences: new Map() }));
    for (const fence of fences) kept.fences.set(runOf(fence), fence);
    this.#beatEvery(ttl / BEATS);
  }

  /** Lets go of leases that were given back or lost. */
  drop(fences: readonly Pick<Fence, 'rootId' | 'runId'>[]): void {
    for (const [name, kept] of this.#kept) {
      for (const fence of fences) kept.fences.delete(runOf(fence));
      if (kept.fences.size === 0) this.#kept.delete(name);
    }
    if (this.#kept.size === 0) this.stop();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#pace = Number.POSITIVE_INFINITY;
    this.#kept.clear();
  }

  #beatEvery(ms: number): void {
    if (ms >= this.#pace) return;
    this.#pace = ms;
    this.#stop?.();
    this.#stop = this.#clock.every(ms, () => {
      // What cannot be renewed now is renewed by the next beat, or by the host.
      this.#beat().catch(() => undefined);
    });
  }

  async #beat(): Promise<void> {
    const now = this.#clock.now();
    const silent = now - this.#heardAt;
    for (const { fences, holder, ttl } of this.#kept.values()) {
      if (silent < ttl / 2 || silent > ttl * SILENCE) continue;
      const renewals = await this.#renew([...fences.values()], { holder, ttl, now });
      this.drop(renewals.filter(({ held }) => !held));
    }
  }
}

/** The run whose lease a fence names. */
function runOf({ rootId, runId }: Pick<Fence, 'rootId' | 'runId'>): string {
  return runId ?? rootId;
}
