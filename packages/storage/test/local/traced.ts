import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseTrace } from '../system-calls.ts';
import type { SystemCall } from '../system-calls.ts';

const PROGRAM = fileURLToPath(new URL('put-child.ts', import.meta.url));

/** All that a test asks about or lets fail: strace disturbs only calls that it traces. */
const TRACED =
  'trace=fsync,fdatasync,write,pwrite64,?rename,?renameat,?renameat2,?link,linkat,?unlink,unlinkat,?mkdir,mkdirat';

/** How a `put` in a traced process went. */
export interface TracedPut {
  /** What it told: an ObjectInfo, or the problem and message of its error; nothing when it was killed. */
  readonly outcome: {
    readonly bytes?: number;
    readonly problem?: string;
    readonly message?: string;
  };
  readonly calls: readonly SystemCall[];
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
    const outcome = (told === '' ? {} : JSON.parse(told)) as TracedPut['outcome'];
    return { outcome, calls: parseTrace(await readFile(trace, 'utf8')) };
  } finally {
    await rm(place, { recursive: true });
  }
}
