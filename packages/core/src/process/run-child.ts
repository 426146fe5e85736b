import { startChild } from './child.ts';
import type { Child, ChildOptions } from './child-options.ts';
import { outputTooLarge } from './tool-errors.ts';

/** The default of {@link RunOptions.maxOutput}: 16 MiB. */
const DEFAULT_MAX_OUTPUT = 16 * 1024 * 1024;

/** How a child is run to its end. */
export interface RunOptions extends Omit<ChildOptions, 'stdin' | 'stdout'> {
  /** What it reads from stdin. Default: nothing. */
  readonly input?: string | Uint8Array;
  /** The most bytes that stdout may have. Default 16 MiB. */
  readonly maxOutput?: number;
}

/** What a child printed. */
export interface ChildText {
  /** All of stdout, as UTF-8, unchanged: it is data, and not scrubbed. */
  readonly stdout: string;
  /** The end of stderr: at most 8 KiB, whole lines, scrubbed. */
  readonly stderr: string;
}

async function collect(child: Child, command: string, maxOutput: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxOutput) {
      const error = outputTooLarge(command, maxOutput);
      await child.kill(error);
      throw error;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Runs a program to its end and gives what it printed.
 *
 * @throws HoldfastError TOOL_OUTPUT_TOO_LARGE: stdout exceeded `maxOutput`; the child was ended
 * @throws what {@link startChild} and {@link Child.done} throw
 */
export async function runChild(command: string, options: RunOptions = {}): Promise<ChildText> {
  const { input, maxOutput = DEFAULT_MAX_OUTPUT, ...rest } = options;
  const child = await startChild(command, {
    ...rest,
    stdin: input === undefined ? 'ignore' : 'pipe',
  });
  // A child that does not read its input to the end breaks the pipe: its exit code tells whether that matters.
  child.stdin?.end(input);
  const [stdout] = await Promise.allSettled([collect(child, command, maxOutput), child.done]);
  await child.done;
  if (stdout.status === 'rejected') throw stdout.reason;
  return { stdout: stdout.value, stderr: child.stderrTail() };
}
