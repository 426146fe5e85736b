/** Where each number stands. */
const LOOKS_OUT = 0;
const ASKED = 1;
const ANSWERED = 2;

/**
 * What host and worker see of each other without sleeping: three numbers in shared memory. To put a thread to sleep
 * and to wake it takes longer than a small write, so each looks out for the other for a moment first.
 */
export class Watch {
  /** To be given to the other thread, which makes its own watch of it. */
  readonly numbers: Int32Array;

  constructor(numbers: Int32Array = new Int32Array(new SharedArrayBuffer(12))) {
    this.numbers = numbers;
  }

  /** Host: a call is on its way. */
  tellAsked(): void {
    Atomics.add(this.numbers, ASKED, 1);
  }

  /** Worker: an answer is on its way. */
  tellAnswered(): void {
    Atomics.add(this.numbers, ANSWERED, 1);
  }

  /** How many calls went on their way so far, modulo 2^32. */
  get asked(): number {
    return Atomics.load(this.numbers, ASKED);
  }

  /** How many answers did. */
  get answered(): number {
    return Atomics.load(this.numbers, ANSWERED);
  }

  /** Whether the worker waits for a call at this moment, without sleeping. */
  get workerLooksOut(): boolean {
    return Atomics.load(this.numbers, LOOKS_OUT) === 1;
  }

  /** Worker: holds its thread until there was a call more than these, or so many milliseconds are over. */
  lookOut(asked: number, ms: number): void {
    Atomics.store(this.numbers, LOOKS_OUT, 1);
    const until = performance.now() + ms;
    while (this.asked === asked && performance.now() < until);
    Atomics.store(this.numbers, LOOKS_OUT, 0);
  }

  /** Host: holds its thread until there was an answer more than these, or so many milliseconds are over. */
  awaitAnswer(answered: number, ms: number): void {
    const until = performance.now() + ms;
    while (this.answered === answered && performance.now() < until);
  }
}
