import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';

/** Whether strace is here and may trace. */
export const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;

/** A system call, with the lines of the trace on which it began and ended. */
export interface SystemCall {
  readonly name: string;
  readonly args: string;
  readonly began: number;
  readonly ended: number;
}

/** Reads a trace of `strace -f`, where calls of several threads may interleave. */
export function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const open = new Map<string, { name: string; args: string; began: number }>();
  for (const [at, line] of trace.split('\n').entries()) {
    const resumed = /^(?<thread>\d+)\s+<\.\.\. \w+ resumed>/.exec(line)?.groups;
    const started = /^(?<thread>\d+)\s+(?<name>\w+)\((?<args>.*)$/.exec(line)?.groups;
    const begun = open.get(resumed?.['thread'] ?? '');
    if (begun) calls.push({ ...begun, ended: at });
    if (!started) continue;
    const { thread = '', name = '', args = '' } = started;
    if (args.endsWith('<unfinished ...>')) open.set(thread, { name, args, began: at });
    else calls.push({ name, args, began: at, ended: at });
  }
  return calls;
}

/** The one call of a name whose arguments hold a text. */
export function theCall(calls: readonly SystemCall[], name: RegExp, part: string): SystemCall {
  const found = calls.filter((call) => name.test(call.name) && call.args.includes(part));
  expect(found, `${name} with ${part} in ${JSON.stringify(calls, null, 1)}`).toHaveLength(1);
  return found[0]!;
}
