/** What can stand in one {@link Chain} at a time. */
export abstract class Link {
  /** For the chain alone. */
  before: Link | undefined;
  after: Link | undefined;
  chain: Chain<Link> | undefined;
}

/** Something that stands in a chain with others of its kind. */
export class Held<T> extends Link {
  readonly value: T;

  constructor(value: T) {
    super();
    this.value = value;
  }
}

/**
 * Members in the order in which they came, each of which can be taken out at once. Holds nothing but its members, which
 * hold each other: where there is one for each piece of work, a set would cost more than the work. One that much passes
 * through lets go of it: a set is copied from time to time, and the garbage collector, as long as it collects young
 * memory alone, keeps what old copies hold, and the copies that they lead to.
 */
export class Chain<L extends Link> {
  #first: L | undefined;
  #last: L | undefined;

  /** The member that came first. */
  get first(): L | undefined {
    return this.#first;
  }

  /** Every member there is now, in their order. */
  get members(): readonly L[] {
    const members: L[] = [];
    for (let each = this.#first; each !== undefined; each = each.after as L | undefined) {
      members.push(each);
    }
    return members;
  }

  add(link: L): void {
    link.chain = this as unknown as Chain<Link>;
    link.before = this.#last;
    if (this.#last === undefined) this.#first = link;
    else this.#last.after = link;
    this.#last = link;
  }

  /** Takes a member out; one that is not in this chain is left alone. */
  remove(link: L): void {
    if ((link.chain as unknown) !== this) return;
    const { before, after } = link;
    if (before === undefined) this.#first = after as L | undefined;
    else before.after = after;
    if (after === undefined) this.#last = before as L | undefined;
    else after.before = before;
    link.chain = undefined;
    link.before = undefined;
    link.after = undefined;
  }
}
