/** Where each number stands. */
const PLACE = 0;
const REPLY = 1;
const LENGTH = 2;
const ASKED = 3;
const ANSWERED = 4;
const NUMBERS = 5;

/** Of the place for a call: nobody looks at it, the worker does, the host writes to it, it holds a call. */
const IDLE = 0;
const LOOKED_AT = 1;
const WRITTEN_TO = 2;
const FULL = 3;

/** Of the reply to it: nobody waits for one here, the host does, the call was carried out. */
const ASLEEP = 0;
const AWAITED = 1;
const DONE = 2;

/** The longest call that is given by way of shared memory, in bytes. */
const ROOM = 16 * 1024;

/** The most bytes that one unit of a text takes. */
const MOST_PER_UNIT = 3;

/**
 * What host and worker see of each other without sleeping, in shared memory. To put a thread to sleep and to wake it
 * takes longer than a small write, and so does a message to it: each looks out for the other for a moment first, and
 * while the worker does, it is given one call at a time as a text. All else goes as messages.
 */
export class Watch {
  /** To be given to the other thread, which makes its own watch of it. */
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;
  readonly #text: Buffer;

  constructor(memory = new SharedArrayBuffer(NUMBERS * Int32Array.BYTES_PER_ELEMENT + ROOM)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, NUMBERS);
    this.#text = Buffer.from(memory, this.#numbers.byteLength, ROOM);
  }

  /** Host: a message is on its way. */
  tellAsked(): void {
    Atomics.add(this.#numbers, ASKED, 1);
  }

  /** Worker: an answer is on its way, as a message. */
  tellAnswered(): void {
    Atomics.add(this.#numbers, ANSWERED, 1);
  }

  /** How many messages went to the worker so far, modulo 2^32. */
  get asked(): number {
    return Atomics.load(this.#numbers, ASKED);
  }

  /** How many came from it. */
  get answered(): number {
    return Atomics.load(this.#numbers, ANSWERED);
  }

  /** Whether the worker waits for a call at this moment, without sleeping. */
  get workerLooksOut(): boolean {
    return Atomics.load(this.#numbers, PLACE) === LOOKED_AT;
  }

  /** Host: gives the worker a call, whose reply it awaits. False where the worker does not look, or the call is too long. */
  give(call: string): boolean {
    if (call.length * MOST_PER_UNIT > ROOM) return false;
    // Whoever changes the place first has it: the worker that looks away, or this.
    if (!this.#turns(PLACE, LOOKED_AT, WRITTEN_TO)) return false;
    this.#numbers[LENGTH] = this.#text.write(call);
    Atomics.store(this.#numbers, REPLY, AWAITED);
    Atomics.store(this.#numbers, PLACE, FULL);
    return true;
  }

  /** Host: whether the call that was given last was carried out. */
  get done(): boolean {
    return Atomics.load(this.#numbers, REPLY) === DONE;
  }

  /** Host: holds its thread until the call that was given is carried out, or so many milliseconds are over. */
  awaitDone(ms: number): void {
    const until = performance.now() + ms;
    while (!this.done && performance.now() < until);
  }

  /** Host: waits no longer here, but for a message. False where the call was carried out before. */
  giveUp(): boolean {
    return this.#turns(REPLY, AWAITED, ASLEEP);
  }

  /** Worker: the call that was given is carried out. False where nobody waits for that here: it takes a message. */
  tellDone(): boolean {
    return this.#turns(REPLY, AWAITED, DONE);
  }

  /** Worker: a call can be given from now on. It looks out for it as soon as it is done with what it does. */
  look(): void {
    Atomics.store(this.#numbers, PLACE, LOOKED_AT);
  }

  /**
   * Worker: holds its thread until it is given a call, a message more than these came, or so many milliseconds are over.
   * Looks away then.
   *
   * @returns the call that it was given
   */
  lookOut(asked: number, ms: number): string | undefined {
    const until = performance.now() + ms;
    while (this.workerLooksOut && this.asked === asked && performance.now() < until);
    if (this.#turns(PLACE, LOOKED_AT, IDLE)) return undefined;
    // It is being written, which is a matter of microseconds.
    while (Atomics.load(this.#numbers, PLACE) !== FULL);
    const call = this.#text.toString('utf8', 0, this.#numbers[LENGTH]);
    Atomics.store(this.#numbers, PLACE, IDLE);
    return call;
  }

  #turns(number: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#numbers, number, from, to) === from;
  }
}
