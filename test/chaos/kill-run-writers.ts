import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunStore } from '@holdfast/core';
import { sampleId } from '@holdfast/core/testing';
import { runAndKill } from './kill.ts';
import { storeAt } from './store-at.ts';

const PROGRAM = fileURLToPath(new URL('programs/transitions.ts', import.meta.url));

/** Milliseconds within which a writer is killed. */
const SPAN = 400;

/** Numbers of runs between one writer and the next: more than one makes in that time. */
const STRIDE = 10_000;

/** What all the kills together showed. */
export interface RunWritersReport {
  readonly kills: number;
  /** Transitions and claims that were acknowledged. */
  readonly acknowledged: number;
  /** Those of them that the store does not have. */
  readonly lost: readonly string[];
  /** Runs whose history is not the way to their state, and what the store finds wrong with itself. */
  readonly broken: readonly string[];
}

/** What was acknowledged of each run: the last version, and the last epoch. */
interface Told {
  version: number;
  epoch: number;
}

function toldIn(text: string): Map<number, Told> {
  const told = new Map<number, Told>();
  // A line that the kill cut off was not acknowledged.
  for (const line of text.split('\n').slice(0, -1)) {
    const [what, n, value] = line.split(' ');
    const known = told.get(Number(n)) ?? { version: 0, epoch: 0 };
    told.set(Number(n), known);
    if (what === 'run') known.version = Number(value);
    else known.epoch = Number(value);
  }
  return told;
}

/** What of a run was lost, and what is wrong with it. */
async function compare(
  store: RunStore,
  n: number,
  { version, epoch }: Told,
): Promise<Pick<RunWritersReport, 'lost' | 'broken'>> {
  const id = sampleId(n);
  const run = await store.run(id);
  const steps = (await store.history(id)).map((step) => step.version);
  const straight = steps.every((step, at) => step === at + 1) && steps.length === run?.version;
  const asked = { rootId: id, holder: 'look', ttl: 1, now: 0 };
  // Tasks have none of their own.
  const lease = run?.kind === 'flow' ? (await store.acquireLease(asked)).lease : undefined;
  return {
    lost: [
      ...((run?.version ?? 0) < version ? [`run ${n} at version ${version}`] : []),
      ...((lease?.epoch ?? 0) < epoch ? [`run ${n} at epoch ${epoch}`] : []),
    ],
    broken: straight ? [] : [`run ${n}: history ${steps.join()}`],
  };
}

/**
 * Kills a process that writes to a run store, again and again, at random; every transition and every claim that it was
 * told of must be there afterwards.
 *
 * @param place the URL of a PostgreSQL database; default: a SQLite file
 */
export async function killRunWriters(kills: number, place?: string): Promise<RunWritersReport> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-kill-'));
  const at = place ?? join(directory, 'runs.db');
  const file = join(directory, 'told');
  try {
    await writeFile(file, '');
    for (let kill = 0; kill < kills; kill++) {
      const first = `${kill * STRIDE}`;
      const { complaints } = await runAndKill(PROGRAM, [at, first, file], SPAN, 'up');
      if (complaints !== '') throw new Error(`the process complained:\n${complaints}`);
    }
    return await lookAfter(at, await readFile(file, 'utf8'), kills);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function lookAfter(place: string, text: string, kills: number): Promise<RunWritersReport> {
  const store = storeAt(place);
  await store.open();
  const found = [];
  for (const [n, last] of toldIn(text)) found.push(await compare(store, n, last));
  const errors = await store.check();
  await store.close();
  return {
    kills,
    acknowledged: text.split('\n').length - 1,
    lost: found.flatMap(({ lost }) => lost),
    broken: [...found.flatMap(({ broken }) => broken), ...errors.map(({ message }) => message)],
  };
}
