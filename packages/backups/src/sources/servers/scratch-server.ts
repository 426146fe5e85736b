import { mkdirSync, writeFileSync } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@holdfast/core';
import { type Child, type ChildOptions, killLeftover } from '@holdfast/core/process';
import type { LeftoverChild, StartedChild } from '@holdfast/core/process';
import type { Workroom } from '../workroom.ts';

/** Where a scratch directory notes the servers that were started in it. */
const NOTES = '.servers';

/**
 * Starts a server that lives as long as the room does. It is noted in the scratch directory: when this
 * process is killed, whoever sweeps the directory ends the server first. The room's signal ends it; else
 * the caller does, before it leaves the room.
 *
 * @throws what `startChild` throws
 */
export async function startScratchServer(
  room: Workroom,
  command: string,
  options: ChildOptions,
): Promise<Child> {
  const child = await room.startChild(command, { ...options, signal: room.signal });
  // Before anything is waited for: a process that is killed from here on leaves the note behind.
  note(room.scratch, child.identity);
  return child;
}

function note(scratch: string, child: StartedChild): void {
  const notes = join(scratch, NOTES);
  mkdirSync(notes, { recursive: true, mode: 0o700 });
  writeFileSync(join(notes, `${child.pid}.json`), JSON.stringify(child), { mode: 0o600 });
}

function parseNote(text: string): LeftoverChild | undefined {
  try {
    const { bootId, pid, startTime, command } = JSON.parse(text) as LeftoverChild;
    return { bootId, pid, startTime, command };
  } catch {
    return undefined;
  }
}

/**
 * Ends the servers that a dead process left running in its scratch directory. Notes in a directory of
 * another user are not believed.
 */
export async function endScratchServers(scratch: string): Promise<void> {
  const notes = join(scratch, NOTES);
  const { uid } = await lstat(scratch);
  if (process.geteuid !== undefined && uid !== process.geteuid()) return;
  for (const name of await readdir(notes).catch(() => [])) {
    const record = parseNote(await readFile(join(notes, name), 'utf8').catch(() => ''));
    if (record !== undefined) await killLeftover(record, systemClock);
  }
}
