import { join } from 'node:path';
import { listBackups, type CatalogEntry, type NightlyReport } from '@holdfast/backups';
import type { Engine, ObjectStore, Run, RunId } from '@holdfast/core';
import type { Place } from './place.ts';
import type { Program } from './program.ts';
import { bytes, number, quoted, span, table } from './text.ts';

type Say = (text: string) => void;

function duration(run: Run): string {
  const { startedAt, endedAt } = run;
  return startedAt === undefined || endedAt === undefined ? '' : span(endedAt - startedAt);
}

/** Each task of a run: its state, its attempts, how long it took. */
export async function tellTasks(say: Say, engine: Engine, id: RunId): Promise<void> {
  const rows = (await engine.below(id)).map((run) => [
    run.runName ?? run.name,
    run.state.name,
    `${run.attempts}`,
    run.recoveries === 0 ? '' : `${run.recoveries}`,
    duration(run),
  ]);
  say('\nTasks\n');
  say(table(['task', 'state', 'attempts', 'crashes survived', 'duration'], rows));
}

async function textOf(store: ObjectStore, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function proofOf({ verification }: NightlyReport['sources'][number]): string {
  if (verification === undefined) return 'not proven';
  const { rows, tables, members } = verification.compared;
  const found =
    rows === undefined
      ? `${number(members ?? 0)} files and folders`
      : `${number(rows)} rows in ${number(tables ?? 0)} tables`;
  return `restored into a scratch place in ${span(verification.durationMs)}; ${found} are what the source held`;
}

/** Each backup of this night: where it lies, how large it is, what proves it. */
export async function tellBackups(
  say: Say,
  place: Place,
  primary: ObjectStore,
  report: NightlyReport,
): Promise<void> {
  for (const source of report.sources) {
    const { backup, verification, copies } = source;
    if (backup === undefined) continue;
    say(`\nBackup of ${source.source}\n`);
    say(`  place         ${join(place.primary, backup.path)}`);
    for (const { store, copy, problem } of copies) {
      say(
        `  copy          ${copy === undefined ? `${store}: ${problem?.message ?? ''}` : join(place.vault, copy.path)}`,
      );
    }
    say(`  size          ${bytes(backup.storedBytes)}, of ${bytes(backup.plainBytes)}`);
    say(`  verification  ${verification?.reached ?? 'none'}`);
    say(`  proof         ${proofOf(source)}`);
    const guide = await textOf(primary, `${backup.path}RESTORE.md`);
    const commands = /```sh\n(?<block>[^]*?)```/.exec(guide)?.groups?.['block'] ?? '';
    say('  restore it without Holdfast, in a plain shell:\n');
    say(`    cd ${quoted(join(place.primary, backup.path))}`);
    say(commands.trimEnd().replaceAll(/^/gm, '    '));
  }
}

function row(entry: CatalogEntry): string[] {
  const { manifest, proof } = entry;
  const size = manifest.artifacts.reduce((sum, artifact) => sum + artifact.storedBytes, 0);
  return [manifest.set, manifest.id, bytes(size), proof.level ?? 'none'];
}

/** Everything that the first store holds, from the store alone. */
export async function tellCatalog(say: Say, { primary }: Program): Promise<void> {
  const { backups, problems } = await listBackups(primary);
  say(`\nAll backups in the first store: ${backups.length}\n`);
  say(table(['set', 'backup', 'size', 'proven'], backups.map(row)));
  for (const problem of problems) say(`  ${problem.key}: ${problem.message}`);
}
