import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The command line that runs a program of `programs/` on the sources. */
export function commandLine(program: string, ...parameters: string[]): string[] {
  const file = fileURLToPath(new URL(`./programs/${program}.ts`, import.meta.url));
  return [process.execPath, '--conditions=@holdfast/source', file, ...parameters];
}

/** A running child. */
export interface Child {
  readonly process: ChildProcessWithoutNullStreams;
  /** What it has written, line by line. Complete when it has ended. */
  readonly lines: string[];
  /** Its exit code, or the signal that ended it; with what it wrote to stderr. */
  readonly ended: Promise<{ readonly by: number | string | null; readonly stderr: string }>;
}

/** Starts a child; it is killed when the test has finished. */
export function start(
  [command = '', ...parameters]: readonly string[],
  onLine: (line: string, child: Child) => void = () => undefined,
): Child {
  const running = spawn(command, parameters);
  onTestFinished(() => void running.kill('SIGKILL'));
  let stderr = '';
  running.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const child: Child = {
    process: running,
    lines: [],
    ended: new Promise((resolve, reject) => {
      running.on('error', reject);
      running.on('close', (code, signal) => resolve({ by: signal ?? code, stderr }));
    }),
  };
  createInterface({ input: running.stdout }).on('line', (line) => {
    child.lines.push(line);
    onLine(line, child);
  });
  return child;
}
