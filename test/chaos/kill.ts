import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';

/** What a child printed before it was killed. */
export interface Killed {
  readonly printed: string;
  readonly complaints: string;
}

/**
 * Runs a TypeScript program from its source and kills it with SIGKILL, at a moment that it cannot know: chance picks
 * one within `span` milliseconds after the program has printed `sign` on its standard output or, without
 * a sign, after its start.
 *
 * @throws when the program ends by itself
 */
export async function runAndKill(
  program: string,
  args: readonly string[],
  span: number,
  sign?: string,
): Promise<Killed> {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let complaints = '';
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    timer ??= setTimeout(() => child.kill('SIGKILL'), randomInt(span));
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    if (sign !== undefined && printed.includes(sign)) arm();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  if (sign === undefined) arm();
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  if (signal === 'SIGKILL') return { printed, complaints };
  throw new Error(`${program} ended by itself (${code}):\n${printed}\n${complaints}`);
}

/** How many kills a test makes: `HOLDFAST_CHAOS_RUNS`, which `pnpm chaos --runs N` sets, else what the test says. */
export function runsOr(otherwise: number): number {
  const runs = Number(process.env['HOLDFAST_CHAOS_RUNS'] ?? otherwise);
  if (Number.isInteger(runs) && runs > 0) return runs;
  throw new Error('HOLDFAST_CHAOS_RUNS must be a whole number above 0');
}
