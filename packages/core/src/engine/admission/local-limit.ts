import type { Clock, Timer } from '../../clock/clock.ts';
import type { PermitBlock, PermitWish } from '../../store/shared-state.ts';

/** Something that waits for shares of limits, in the order in which it came. */
export interface Waiting {
  /** Ascends in the order in which requests were made in this engine. */
  readonly order: number;
  readonly wishes: readonly PermitWish[];
}

const FIRST_LOOK = 100;
const LONGEST_LOOK = 2000;

/** When the slots that are wanted are free at the latest, as far as the permits in force tell. */
function freeAt({ permits }: PermitBlock, { capacity, slots }: PermitWish): number {
  let taken = permits.reduce((sum, permit) => sum + permit.slots, 0);
  for (const permit of permits.toSorted((a, b) => a.expiresAt - b.expiresAt)) {
    taken -= permit.slots;
    if (taken + slots <= capacity) return permit.expiresAt;
  }
  return Number.POSITIVE_INFINITY;
}

/** What one engine knows of a limit: how much of it is taken here, and who waits for it here. */
export class LocalLimit {
  readonly name: string;
  /** Slots that are held here, or being asked for. Of a rate only the latter. */
  #taken = 0;
  /** Others had it when it was asked for last. */
  contested = false;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  /** Set while others have it, as far as is known, and it is not asked for. */
  #timer: Timer | undefined;
  #wait = FIRST_LOOK;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  /** Who has waited longest. */
  get first(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** Whether there is room for who has waited longest, as far as is known here. */
  get hasRoom(): boolean {
    const wish = this.first?.wishes.find(({ limit }) => limit === this.name);
    return wish !== undefined && this.#has(wish);
  }

  /** Nothing is known of it: it can be forgotten. */
  get idle(): boolean {
    return this.#taken === 0 && this.#waiting.length === 0;
  }

  #has({ capacity, slots }: PermitWish): boolean {
    return this.#timer === undefined && this.#taken + slots <= capacity;
  }

  /** Whether there is room for a wish, as far as is known here, and nobody came before. */
  isOpenTo({ order }: Waiting, wish: PermitWish): boolean {
    const [first] = this.#waiting;
    return this.#has(wish) && (first === undefined || first.order >= order);
  }

  /** Slots of it are asked for. */
  take(slots: number): void {
    this.#taken += slots;
  }

  /** Slots that were asked for are not to be had. */
  miss(slots: number): void {
    this.#taken -= slots;
  }

  /** Slots are free again that were had here. */
  free(slots: number): void {
    this.#taken -= slots;
    this.#stopLooking();
  }

  add(waiting: Waiting): void {
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1]?.order ?? 0) > waiting.order) at--;
    if (this.#waiting[at - 1] !== waiting) this.#waiting.splice(at, 0, waiting);
  }

  remove(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#waiting.length === 0) this.#stopLooking();
  }

  #stopLooking(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  /** Something of it was granted. */
  moved(): void {
    this.contested = false;
    this.#stopLooking();
    this.#wait = FIRST_LOOK;
  }

  /**
   * Others hold it. Calls back when it is worth asking again: of a rate when its slots are free; of a limit after 0.1 s,
   * then more rarely, at last every 2 s, since its permits may be given back at any time.
   */
  lookLater(block: PermitBlock, wish: PermitWish, again: () => void): void {
    this.contested = true;
    const until = Math.max(1, freeAt(block, wish) - this.#clock.now());
    const ms = wish.per === undefined ? Math.min(until, this.#wait) : until;
    this.#wait = Math.min(this.#wait * 2, LONGEST_LOOK);
    this.#timer?.clear();
    this.#timer = this.#clock.setTimer(ms, () => {
      this.#timer = undefined;
      again();
    });
  }
}
