import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runAndKill } from './kill.ts';
import { Watch } from './watch.ts';

const PROGRAM = fileURLToPath(new URL('programs/nights.ts', import.meta.url));
/** Milliseconds: kills hit the start, the recovery, and one or two nights. */
const SPAN = 2500;

/** What all the kills together showed. */
export interface NightsReport {
  readonly kills: number;
  /** Backups and copies that were listed at the end. */
  readonly listed: number;
  /** Listed backups that are not whole, and objects in the catalog's way. */
  readonly damaged: readonly string[];
  /** Listed backups whose objects are no longer what they were when first listed. */
  readonly changed: readonly string[];
  /** Scratch places that the last process left, and nobody else. */
  readonly scratchLeft: number;
}

/** Kills a process that makes nightly backups, again and again, at random; the next one recovers. */
export async function killNights(kills: number): Promise<NightsReport> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-nights-'));
  try {
    const watches = [new Watch(directory, 'primary'), new Watch(directory, 'vault')];
    for (let kill = 0; kill < kills; kill++) {
      const { complaints } = await runAndKill(PROGRAM, [directory], SPAN, 'up');
      if (complaints !== '') throw new Error(`the process complained:\n${complaints}`);
      for (const watch of watches) await watch.look();
    }
    const scratch = await readdir(join(directory, 'scratch')).catch(() => []);
    return {
      kills,
      listed: watches.reduce((sum, watch) => sum + watch.listed, 0),
      damaged: watches.flatMap((watch) => watch.damaged),
      changed: watches.flatMap((watch) => watch.changed),
      scratchLeft: scratch.length,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
