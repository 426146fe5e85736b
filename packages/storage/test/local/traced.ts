import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('put-child.ts', import.meta.url));

/** All that a test asks about or lets fail: strace disturbs only calls that it traces. */
const TRACED =
  'trace=fsync,fdatasync,write,pwrite64,?rename,?renameat,?renameat2,?link,linkat,?mkdir,mkdirat';

/** Whether strace is here and may trace. */
export const canTrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;

/** A system call, with the lines of the trace on which it began and ended. */
export interface SystemCall {
  readonly name: string;
  readonly args: string;
  readonly began: number;
  readonly ended: number;
}

/** How a `put` in a traced process went. */
export interface TracedPut {
  /** What it told: an ObjectInfo, or the problem and message of its error. */
  readonly outcome: {
    readonly bytes?: number;
    readonly problem?: string;
    readonly message?: string;
  };
  readonly calls: readonly SystemCall[];
}

/** Reads a trace of `strace -f`, where calls of several threads may interleave. */
function parseTrace(trace: string): SystemCall[] {
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

/**
 * Runs a `put` in a process under strace.
 *
 * @param args of put-child.ts
 * @param expressions for `-e`, such as `inject=fsync:error=EIO`; one thread does all file work, so that
 * `when=` counts all calls
 */
export async function tracedPut(
  args: readonly string[],
  expressions: readonly string[] = [],
): Promise<TracedPut> {
  const place = await mkdtemp(join(tmpdir(), 'holdfast-trace-'));
  try {
    const trace = join(place, 'trace');
    const wanted = [TRACED, ...expressions].flatMap((expression) => ['-e', expression]);
    const options = ['-f', '-y', '-o', trace, '-s', '200', ...wanted];
    const child = spawn(
      'strace',
      [...options, process.execPath, '--conditions=@holdfast/source', PROGRAM, ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' },
      },
    );
    const [told] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const outcome = JSON.parse(told) as TracedPut['outcome'];
    return { outcome, calls: parseTrace(await readFile(trace, 'utf8')) };
  } finally {
    await rm(place, { recursive: true });
  }
}
