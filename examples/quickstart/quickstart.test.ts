import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('dist/main.js', import.meta.url));
const run = promisify(execFile);

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "holdfast quick'start "));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function quickstart(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [PROGRAM, '--dir', root, ...args]);
  return stdout;
}

/** The backups that were listed last in what the program printed: set and id. */
function listed(printed: string): string[] {
  const [, catalog = ''] = printed.split('All backups in the first store');
  return [...catalog.matchAll(/^ {2}(?:shop|files) +\S+/gm)].map(([line]) => line);
}

/** The blocks of commands for a plain shell, as a person would copy them from the screen. */
function restoreBlocks(printed: string): string[] {
  const parts = printed.split('restore it without Holdfast, in a plain shell:\n\n').slice(1);
  return parts.map((part) => {
    const [block = ''] = part.split(/\n\n(?! {4})/);
    return block.replaceAll(/^ {4}/gm, '');
  });
}

async function hashes(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const hash = createHash('sha256').update(await readFile(path));
    found.set(path.slice(directory.length), hash.digest('hex'));
  }
  return found;
}

describe('the quickstart', { timeout: 120_000 }, () => {
  let before = 0;

  it('makes a backup, proves it by a restore, and shows a retry', async () => {
    const printed = await quickstart();
    expect(printed).toMatch(/copy \w+ to vault: AwaitingRetry: attempt 1 failed/);
    expect(printed).toMatch(/copy \w+ to vault +Completed +2/);
    expect(printed).toMatch(/verification {2}restored/);
    expect(printed).toMatch(/[\d,]+ rows in 2 tables are what the source held/);
    expect(printed).toMatch(/3,061 files and folders are what the source held/);
    expect(printed).toContain('rm -rf');
    expect(listed(printed)).toHaveLength(2);

    const blocks = restoreBlocks(printed);
    expect(blocks).toHaveLength(2);
    for (const block of blocks) {
      const shell = spawnSync('/bin/sh', [], {
        input: block,
        env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
        encoding: 'utf8',
      });
      expect(`${shell.stdout}${shell.stderr}`).not.toMatch(/WRONG|FAILED/);
      expect(shell.status).toBe(0);
    }
    const [, folder = ''] = /cd '(.*files\/\d.*)'/.exec(printed.replaceAll(`'\\''`, "'")) ?? [];
    expect(await hashes(join(folder, 'restored'))).toEqual(await hashes(join(root, 'files')));
  });

  it('is killed half way, and goes on where it was cut off', async () => {
    expect(await quickstart('--crash')).toContain('Killed with SIGKILL');
    const printed = await quickstart();
    expect(printed).toContain('Recovered the run that was cut off');
    // Completed tasks are listed with the time that they took before the crash, and were not executed again.
    const again = [...printed.matchAll(/^ {2}(?<task>.+): not run again/gm)];
    for (const { groups } of again) {
      expect(printed).not.toMatch(new RegExp(`^ {2}${groups?.['task']}: (Running|Resumed)`, 'm'));
    }
    before = listed(printed).length;
    expect(before).toBeGreaterThanOrEqual(4);
  });

  it('adds a backup with each further run', async () => {
    const printed = await quickstart();
    expect(printed).not.toContain('Recovered');
    expect(listed(printed)).toHaveLength(before + 2);
  });

  it('leaves the database in order for whoever looks', () => {
    const db = new DatabaseSync(join(root, 'shop.db'), { readOnly: true });
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  });
});
