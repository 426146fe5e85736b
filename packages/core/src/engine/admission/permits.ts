import type { Timer } from '../../clock/clock.ts';
import type { PermitBlock, PermitGrant, PermitWish } from '../../store/shared-state.ts';
import type { EngineCore } from '../engine-core.ts';
import { Claim, type ClaimTerms } from './claim.ts';
import { LocalLimit } from './local-limit.ts';

function lasts({ per }: PermitWish): boolean {
  return per === undefined;
}

/**
 * The shares of limits that an engine holds in its store, and who waits for them in it. Claims are served in the order
 * in which they came; one that wants several limits lets others pass on those that are not in its way, once. What is
 * given back here wakes the next at once; what others hold is asked for again and again.
 */
export class Permits {
  readonly #engine: EngineCore;
  readonly #limits = new Map<string, LocalLimit>();
  /** Given back here, and not yet in the store. */
  #leaving: Claim[] = [];
  /** Ids under which the store may hold permits although nobody here does: the call that gave them back has failed. */
  readonly #owed = new Set<string>();
  /** Calls of the store that are under way. */
  #open = 0;
  #idle = (): void => undefined;
  /** Claims for which the store holds permits that have to be renewed. */
  #held = 0;
  #order = 0;
  #timer: Timer | undefined;

  constructor(engine: EngineCore) {
    this.#engine = engine;
  }

  /** Asks for shares of limits, and waits for them. */
  claim(terms: ClaimTerms): Claim {
    const claim = new Claim(this.#order++, terms, (each) => this.#over(each));
    if (claim.state === 'new') this.#consider(claim);
    return claim;
  }

  /** Nothing is claimed any more: resolves when the store has been told of everything that was given back. */
  async stop(): Promise<void> {
    while (this.#open > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    this.#owed.clear();
    this.#keepHeld();
  }

  /** Extends what is held at a third of its time, for as long as there is any. */
  #keepHeld(): void {
    const { clock, leases } = this.#engine;
    if (this.#held === 0 && this.#owed.size === 0) {
      this.#timer?.clear();
      this.#timer = undefined;
      return;
    }
    this.#timer ??= clock.setTimer(
      leases.terms.ttl / 3,
      () => {
        this.#timer = undefined;
        this.#start(this.#renew().finally(() => this.#keepHeld()));
      },
      { background: true },
    );
  }

  async #renew(): Promise<void> {
    const { store, clock, leases, logger } = this.#engine;
    const owed = [...this.#owed];
    this.#owed.clear();
    if (owed.length > 0) await this.#giveBack(owed);
    if (this.#held === 0) return;
    try {
      await store.renewPermits({ ...leases.terms, now: clock.now() });
    } catch (error) {
      // They outlive some missed renewals, and a late one succeeds while nobody took them.
      logger.warn({ err: error }, 'shares of limits could not be renewed');
    }
  }

  #start(work: Promise<void>): void {
    this.#open++;
    void work.finally(() => {
      this.#open--;
      if (this.#open === 0) this.#idle();
    });
  }

  #limit(name: string): LocalLimit {
    let limit = this.#limits.get(name);
    if (limit === undefined) {
      limit = new LocalLimit(name, this.#engine.clock);
      this.#limits.set(name, limit);
    }
    return limit;
  }

  #limitsOf({ wishes }: Claim): LocalLimit[] {
    return wishes.map(({ limit }) => this.#limit(limit));
  }

  /** Asks the store for what a claim wants, or lets it wait. */
  #consider(claim: Claim): void {
    const { wishes } = claim;
    const all = this.#limitsOf(claim);
    const blocked = all.filter((limit, at) => !limit.isOpenTo(claim, wishes[at] as PermitWish));
    if (blocked.length > 0) {
      claim.wait(blocked, all);
      return;
    }
    claim.leaveQueues();
    claim.state = 'asking';
    for (const { limit, slots } of wishes) this.#limit(limit).take(slots);
    this.#start(this.#ask(claim));
  }

  async #ask(claim: Claim): Promise<void> {
    let grant: PermitGrant;
    try {
      grant = await this.#request(claim);
    } catch (error) {
      // Whether it was granted is not known.
      this.#owed.add(claim.id);
      this.#keepHeld();
      claim.fail(error);
      this.#free(claim.wishes);
      return;
    }
    if (grant.granted) this.#granted(claim);
    else this.#denied(claim, grant.blocks);
  }

  async #request({ id, wishes }: Claim): Promise<PermitGrant> {
    const { store, clock, leases } = this.#engine;
    const request = { id, wishes, ...leases.terms, now: clock.now() };
    const grant = await store.acquirePermits(request);
    if (grant.granted) return grant;
    const holders = grant.blocks.flatMap(({ permits }) => permits.map(({ holder }) => holder));
    const deadHolders = leases.deadAmong(holders);
    return deadHolders.length === 0 ? grant : store.acquirePermits({ ...request, deadHolders });
  }

  #granted(claim: Claim): void {
    if (claim.wishes.some(lasts)) this.#held++;
    this.#keepHeld();
    if (claim.state === 'over') this.#leave(claim);
    else claim.grant();
    for (const limit of this.#limitsOf(claim)) limit.moved();
    // What a rate has granted is counted by the store alone.
    this.#free(claim.wishes.filter((wish) => !lasts(wish)));
    this.#wakeAll(claim.wishes);
  }

  #denied(claim: Claim, blocks: readonly PermitBlock[]): void {
    const { wishes } = claim;
    for (const { limit, slots } of wishes) this.#limit(limit).miss(slots);
    const blockOf = (name: string): PermitBlock | undefined =>
      blocks.find(({ limit }) => limit === name);
    if (claim.state !== 'over') {
      for (const wish of wishes) {
        const block = blockOf(wish.limit);
        if (block !== undefined) this.#lookLater(block, wish);
      }
      const all = this.#limitsOf(claim);
      claim.wait(
        all.filter(({ name }) => blockOf(name) !== undefined),
        all,
      );
    }
    this.#wakeAll(wishes.filter(({ limit }) => claim.state === 'over' || !blockOf(limit)));
  }

  #lookLater(block: PermitBlock, wish: PermitWish): void {
    const limit = this.#limit(wish.limit);
    limit.lookLater(block, wish, () => this.#wake(limit));
  }

  /** A claim is given back, or given up. */
  #over(claim: Claim): void {
    if (claim.state === 'held') this.#leave(claim);
    if (claim.state !== 'waiting') return;
    const limits = [...claim.waitsFor];
    claim.leaveQueues();
    for (const limit of limits) this.#wake(limit);
  }

  #leave(claim: Claim): void {
    if (!claim.wishes.some(lasts)) return;
    if (this.#leaving.push(claim) === 1) this.#start(this.#leaveTogether());
  }

  /** Tells the store of everything that was given back in one turn. */
  async #leaveTogether(): Promise<void> {
    await Promise.resolve();
    const claims = this.#leaving;
    this.#leaving = [];
    await this.#giveBack(claims.map(({ id }) => id));
    this.#held -= claims.length;
    this.#keepHeld();
    this.#free(claims.flatMap(({ wishes }) => wishes.filter(lasts)));
  }

  async #giveBack(ids: readonly string[]): Promise<void> {
    const { store, leases, logger } = this.#engine;
    try {
      await store.releasePermits(leases.holder, ids);
    } catch (error) {
      for (const id of ids) this.#owed.add(id);
      logger.warn({ err: error }, 'shares of limits could not be given back yet');
    }
  }

  #free(wishes: readonly PermitWish[]): void {
    for (const { limit, slots } of wishes) this.#limit(limit).free(slots);
    this.#wakeAll(wishes);
  }

  #wakeAll(wishes: readonly PermitWish[]): void {
    for (const { limit } of wishes) this.#wake(this.#limit(limit));
  }

  /** Lets those go on that wait for a limit, as far as it has room. */
  #wake(limit: LocalLimit): void {
    for (let first = limit.first; first !== undefined && limit.hasRoom; first = limit.first) {
      this.#consider(first as Claim);
      // It waits for another limit as well; or whether others have this one is seen by the first alone.
      if (limit.first === first || limit.contested) break;
    }
    if (limit.idle) this.#limits.delete(limit.name);
  }
}
