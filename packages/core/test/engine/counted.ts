import { flow, task, type TaskOptions } from '@holdfast/core';
import type { Bench } from './support.ts';

/** A task that counts its executions. */
export function counted(options: TaskOptions<[n: number, note?: string], number>) {
  const calls: number[] = [];
  const double = task(
    async (n: number, _note?: string) => {
      calls.push(n);
      return n * 2;
    },
    { name: 'double', ...options },
  );
  return { calls, double };
}

/** A flow that calls a task once, as a run of its own each time. */
export function once(fn: (n: number, note?: string) => Promise<unknown>, name = 'once') {
  return flow(async (n: number, note?: string) => fn(n, note), { name });
}

export function warningsOf({ engine }: Bench): string[] {
  const codes: string[] = [];
  engine.events.on('warning', ({ code }) => void codes.push(code));
  return codes;
}
