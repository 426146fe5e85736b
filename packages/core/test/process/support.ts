import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Clock } from '../../src/clock/clock.ts';
import { startChild } from '../../src/process/index.ts';
import type { Child, ChildOptions } from '../../src/process/index.ts';

/** Starts a shell with a script. */
export function startShell(script: string, options: ChildOptions = {}): Promise<Child> {
  return startChild('/bin/sh', { ...options, args: ['-c', script] });
}

/** The first line that a child prints to stdout, without what follows in the same chunk. */
export async function firstLine(child: Child): Promise<string> {
  const stdout = child.stdout as Readable;
  let text = '';
  while (!text.includes('\n')) {
    const [chunk] = (await once(stdout, 'data')) as [Buffer];
    stdout.pause();
    text += chunk.toString();
  }
  return text.slice(0, text.indexOf('\n'));
}

/** All that a stream gives. */
export async function readAll(stream: Readable | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** A clock that stands still until it is moved. */
export class StillClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly due: number; readonly callback: () => void }>();

  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): { clear(): void } {
    const timer = { due: this.#now + ms, callback };
    this.#timers.add(timer);
    return { clear: () => this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) {
      if (timer.due > this.#now) continue;
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It was not rejected');
}
