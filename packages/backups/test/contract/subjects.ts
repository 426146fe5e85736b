import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  commandKind,
  commandSource,
  fileTree,
  sourceOfKind,
  sqliteSource,
} from '@holdfast/backups';
import type { SourceSubject } from '@holdfast/backups/testing';
import { secret } from '@holdfast/core';
import { makeOrders } from '../support/databases.ts';
import { makeTree } from '../support/trees.ts';

type Subject = Omit<SourceSubject, 'close'>;

async function inDirectory(
  make: (directory: string) => Subject | Promise<Subject>,
): Promise<SourceSubject> {
  const directory = await mkdtemp(join(tmpdir(), 'subject-'));
  const close = () => rm(directory, { recursive: true, force: true });
  return { ...(await make(directory)), close };
}

function changeDatabase(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

export function sqliteSubject(): Promise<SourceSubject> {
  return inDirectory((directory) => {
    const path = join(directory, 'orders.db');
    makeOrders(path);
    return {
      source: sourceOfKind('sqlite'),
      spec: sqliteSource({ name: 'orders', path }),
      missing: sqliteSource({ name: 'orders', path: join(directory, 'nowhere.db') }),
      lose: () => changeDatabase(path, 'DELETE FROM orders WHERE id = 3'),
      damage: ({ path: at }) => changeDatabase(at, 'DELETE FROM orders WHERE id = 3'),
      byHand: 'restored/orders.sqlite',
    };
  });
}

export function filesSubject(): Promise<SourceSubject> {
  return inDirectory(async (directory) => {
    const path = join(directory, 'site');
    await makeTree(path);
    writeFileSync(join(path, 'one more'), 'that is lost');
    return {
      source: sourceOfKind('files'),
      spec: fileTree({ name: 'site', path }),
      missing: fileTree({ name: 'site', path: join(directory, 'nowhere') }),
      lose: () => rmSync(join(path, 'one more')),
      damage: ({ path: at }) => appendFileSync(join(at, 'one more'), '!'),
      byHand: 'restored',
    };
  });
}

const TOKEN = 'xyzzy-4711-token';
/** Prints a file, if it is told the token; the shell's own text is its argument, the secret is not. */
const PRINT = 'test "$TOKEN" = "$EXPECTED" && cat -- "$0"';

export function commandSubject(): Promise<SourceSubject> {
  return inDirectory((directory) => {
    const path = join(directory, 'lines');
    writeFileSync(path, `${'a line\n'.repeat(20_000)}-- end\n`);
    const env = { TOKEN: secret('env:TOKEN'), EXPECTED: secret('env:EXPECTED') };
    const rules = { name: 'lines', suffix: 'txt', footer: '-- end', minBytes: 20, env };
    return {
      source: sourceOfKind('command'),
      spec: commandSource({ ...rules, argv: ['sh', '-c', PRINT, path] }),
      missing: commandSource({ ...rules, argv: [join(directory, 'no-program'), path] }),
      lose: () => writeFileSync(path, `${'a line\n'.repeat(19_999)}-- end\n`),
      damage: ({ path: at }) => truncateSync(at, 1000),
      secrets: { 'env:TOKEN': TOKEN, 'env:EXPECTED': TOKEN },
      byHand: 'restored/lines.txt',
    };
  });
}

const COUNT = 'printf \'{"lines": %d}\' "$(wc -l < "$0")"';

/** Lines that another program takes in; it sorts them, so that the copy is not the same file. */
export const linesKind = commandKind({
  kind: 'lines',
  restore: (to) => ({ argv: ['sort', '-r', '-o', to] }),
  count: (at) => ({ argv: ['sh', '-c', COUNT, at] }),
});

export function ownKindSubject(): Promise<SourceSubject> {
  return inDirectory((directory) => {
    const path = join(directory, 'lines');
    const lines = Array.from({ length: 50_000 }, (_, line) => `line ${line}\n`);
    writeFileSync(path, lines.join(''));
    const spec = (file: string) =>
      commandSource({
        kind: 'lines',
        name: 'lines',
        argv: ['cat', '--', file],
        baseline: { argv: ['sh', '-c', COUNT, file] },
      });
    return {
      source: linesKind,
      spec: spec(path),
      missing: spec(join(directory, 'nowhere')),
      lose: () => writeFileSync(path, lines.slice(1).join('')),
      damage: ({ path: at }) => writeFileSync(at, readFileSync(at, 'utf8').replace(/^.*\n/, '')),
    };
  });
}
