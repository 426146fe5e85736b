import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunStore } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { runAndKill } from './kill.ts';

const PROGRAM = fileURLToPath(new URL('programs/steps.ts', import.meta.url));

/** Milliseconds: a third of the kills hit the start and the recovery, the others the flow. */
const SPAN = 1500;

/** What was found after one kill. */
interface Seen {
  /** Tasks that had completed, by the key that their lines have. */
  readonly completed: ReadonlySet<string>;
  /** How many executions had begun by then. */
  readonly executions: number;
}

/** What all the kills together showed. */
export interface StepsReport {
  readonly kills: number;
  readonly rounds: number;
  /** Tasks that had completed by the last kill. */
  readonly completed: number;
  /** Executions beyond the first of a task: after a planned failure, or because a kill cut one off. */
  readonly repeated: number;
  /** Lines that appear more than once. */
  readonly repeatedLines: readonly string[];
  /** Lines that are missing from a round that has ended. */
  readonly missingLines: readonly string[];
  /** Tasks that were executed although a completed run of them had been seen before. */
  readonly executedAgain: readonly string[];
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
}

/** The key of a task's line, from its result and from the round of the flow it belongs to. */
async function completedSteps(store: RunStore): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const root of await store.runs({ topLevel: true, limit: 10_000 })) {
    if (root.kind !== 'flow') continue;
    const round = String((root.inputs as readonly number[])[0]);
    for (const run of await store.below(root.id)) {
      if (run.name !== 'step' || run.state.type !== 'COMPLETED') continue;
      if ('inline' in run.state.result)
        keys.add(`${round}:${JSON.stringify(run.state.result.inline)}`);
    }
  }
  return keys;
}

async function look(directory: string): Promise<Seen> {
  const store = sqliteRunStore(join(directory, 'runs.db'));
  await store.open();
  try {
    const completed = await completedSteps(store);
    return { completed, executions: (await linesOf(join(directory, 'executions'))).length };
  } finally {
    await store.close();
  }
}

function compare(
  seen: readonly Seen[],
  executions: readonly string[],
  lines: readonly string[],
): StepsReport {
  const again = seen.flatMap(({ completed, executions: before }) =>
    executions.slice(before).filter((key) => completed.has(key)),
  );
  const last = seen.at(-1)?.completed ?? new Set<string>();
  const distinct = new Set(lines);
  return {
    kills: seen.length,
    rounds: new Set([...last].map((key) => key.split(':')[0])).size,
    completed: last.size,
    repeated: executions.length - new Set(executions).size,
    repeatedLines: [...distinct].filter((key) => lines.indexOf(key) !== lines.lastIndexOf(key)),
    missingLines: [...last].filter((key) => !distinct.has(key)),
    executedAgain: [...new Set(again)],
  };
}

/**
 * Kills a process that runs flows on a SQLite store, again and again, at random; each new process recovers what
 * the one before had left.
 */
export async function killSteps(kills: number): Promise<StepsReport> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
  try {
    await writeFile(join(directory, 'lines'), '');
    await writeFile(join(directory, 'executions'), '');
    const seen: Seen[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const { complaints } = await runAndKill(PROGRAM, [directory], SPAN, 'up');
      if (complaints !== '') throw new Error(`the process complained:\n${complaints}`);
      seen.push(await look(directory));
    }
    const executions = await linesOf(join(directory, 'executions'));
    return compare(seen, executions, await linesOf(join(directory, 'lines')));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
