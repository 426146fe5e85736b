import { spawnSync } from 'node:child_process';
import type { Explanation, RunId, RunStore, Write } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, turns, type Bench } from '../engine/support.ts';

/** When everything in these tests begins. */
export const START = Date.UTC(2026, 0, 5, 2);
export const MINUTE = 60_000;

export const forever = (): Promise<never> => new Promise(() => undefined);

/** What a failed connection throws. */
export function refused(host = 'db'): Error {
  return Object.assign(new Error(`connect ECONNREFUSED ${host}:5432`), { code: 'ECONNREFUSED' });
}

/** A process of its own on a shared store: none of them closes it. */
export function processOn(store: RunStore, at: number, more: object = {}): Bench {
  return bench({ store: crashingRunStore(store, undefined), clock: new TestClock(at), ...more });
}

/** Starts a flow that nobody waits for, and lets it come to where it waits. */
export async function begun(
  { engine }: Pick<Bench, 'engine'>,
  f: unknown,
  args: readonly unknown[] = [],
): Promise<RunId> {
  const handle = await engine.start(f as never, args as never);
  handle.outcome().catch(() => undefined);
  await turns();
  return handle.id;
}

/** Runs a flow to its end, whatever that is. */
export async function ended(on: Bench, f: unknown, args: readonly unknown[] = []): Promise<RunId> {
  const handle = await on.engine.start(f as never, args as never);
  await on.clock.runUntil(handle.outcome());
  return handle.id;
}

/** A store in which every lease is held by a process that has ended. */
export function storeOfTheDead(): RunStore {
  const store = durableStore();
  const { pid } = spawnSync(process.execPath, ['--version']);
  const buried = (write: Write): Write =>
    write.kind === 'run' && write.lease !== undefined
      ? { ...write, lease: { ...write.lease, holder: withPid(write.lease.holder, pid) } }
      : write;
  const { commit } = store;
  return Object.assign(store, {
    commit: (writes: readonly Write[], durability: 'process' | 'machine') =>
      commit.call(store, writes.map(buried), durability),
  });
}

function withPid(holder: string, pid: number): string {
  const parts = holder.split(':');
  parts[3] = String(pid);
  return parts.join(':');
}

/** `dump orders` … of what is mentioned. */
export function titles(
  runs: readonly { readonly name: string; readonly runName?: string }[],
): string[] {
  return runs.map(({ name, runName }) => runName ?? name);
}

/** What would be executed again, by name. */
export function againBy({ whatWouldRunAgain: { by, runs, kept } }: Explanation): unknown {
  return { by, runs: titles(runs), kept };
}
