import type { Permit } from '../../model/shared-state.ts';
import type { EpochMs } from '../../model/state.ts';
import type { PermitBlock, PermitGrant, PermitRequest, PermitWish } from '../shared-state.ts';

function shown({ rate: _rate, ...permit }: KeptPermit): Permit {
  return permit;
}

interface KeptPermit extends Permit {
  /** Stays taken until it expires, whatever becomes of its holder. */
  readonly rate: boolean;
}

/** The shares of limits that are taken, in a memory store. */
export class MemoryPermits {
  #permits: KeptPermit[] = [];

  acquire(request: PermitRequest): PermitGrant {
    const { id, holder, wishes, now, ttl, deadHolders = [] } = request;
    this.#permits = this.#permits.filter(
      (each) => each.expiresAt > now && (each.rate || !deadHolders.includes(each.holder)),
    );
    const mine = this.#permits.filter((each) => each.id === id && each.holder === holder);
    if (wishes.every(({ limit }) => mine.some((each) => each.limit === limit))) {
      return { granted: true };
    }
    const blocks = wishes.flatMap((wish) => this.#block(wish));
    if (blocks.length > 0) return { granted: false, blocks };
    for (const { limit, slots, per } of wishes) {
      const expiresAt = now + (per ?? ttl);
      this.#permits.push({ limit, id, holder, slots, expiresAt, rate: per !== undefined });
    }
    return { granted: true };
  }

  #block({ limit, capacity, slots }: PermitWish): PermitBlock[] {
    const permits = this.#permits.filter((each) => each.limit === limit);
    const taken = permits.reduce((sum, each) => sum + each.slots, 0);
    if (taken + slots <= capacity) return [];
    return [{ limit, permits: permits.map(shown) }];
  }

  of(limits: readonly string[]): Permit[] {
    return this.#permits.filter(({ limit }) => limits.includes(limit)).map(shown);
  }

  renew(terms: { readonly holder: string; readonly now: EpochMs; readonly ttl: number }): void {
    const expiresAt = terms.now + terms.ttl;
    this.#permits = this.#permits.map((each) =>
      each.holder === terms.holder && !each.rate ? { ...each, expiresAt } : each,
    );
  }

  release(holder: string, ids: readonly string[]): void {
    this.#permits = this.#permits.filter(
      (each) => each.rate || each.holder !== holder || !ids.includes(each.id),
    );
  }
}
