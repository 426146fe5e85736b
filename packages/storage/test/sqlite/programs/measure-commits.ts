/**
 * Measures commits of the SQLite run store beside bare node:sqlite on the same disk:
 * `node --conditions=@holdfast/source packages/storage/test/sqlite/programs/measure-commits.ts [directory]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Durability, Run } from '@holdfast/core';
import {
  advanced,
  COMPLETED,
  creation,
  sampleFlow,
  sampleTask,
  update,
} from '@holdfast/core/testing';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'holdfast-measure-'));
const root = sampleFlow(0);
const fence = { rootId: root.id, epoch: 1 };

function tell(what: string, count: number, from: number): void {
  const seconds = (performance.now() - from) / 1000;
  const each = ((seconds / count) * 1e6).toFixed(0);
  process.stdout.write(
    `${what.padEnd(58)} ${(count / seconds).toFixed(0).padStart(8)}/s ${each.padStart(6)} µs\n`,
  );
}

function measureBare(synchronous: 'full' | 'normal', count: number): void {
  const database = new DatabaseSync(join(directory, `bare-${synchronous}.db`));
  database.exec(`pragma journal_mode = wal; pragma synchronous = ${synchronous}`);
  database.exec('create table run (id text primary key, state text) strict');
  const insert = database.prepare('insert into run values (?, ?)');
  const from = performance.now();
  for (let n = 0; n < count; n++) {
    database.exec('begin immediate');
    insert.run(`${n}`, 'x'.repeat(200));
    database.exec('commit');
  }
  tell(`bare node:sqlite, one row a commit, ${synchronous}`, count, from);
  database.close();
}

async function measureStore(durability: Durability, batch: number, commits: number): Promise<void> {
  const store = sqliteRunStore(join(directory, `${durability}-${batch}.db`));
  await store.open();
  await store.commit([creation(root, { lease: { holder: 'h', ttl: 1 } })], 'machine');
  const tasks = Array.from({ length: batch * commits }, (_, n): Run => sampleTask(n + 1, root));
  const made = performance.now();
  for (let n = 0; n < tasks.length; n += batch) {
    const writes = tasks.slice(n, n + batch).map((task) => creation(task, { fence }));
    await store.commit(writes, durability);
  }
  tell(`run store, ${durability}, ${batch} run(s) a commit: runs made`, tasks.length, made);
  const ended = performance.now();
  for (let n = 0; n < tasks.length; n += batch) {
    const writes = tasks
      .slice(n, n + batch)
      .map((task) => update(advanced(task, COMPLETED), { fence }));
    await store.commit(writes, durability);
  }
  tell(`run store, ${durability}, ${batch} run(s) a commit: runs ended`, tasks.length, ended);
  await store.close();
}

measureBare('full', 1000);
measureBare('normal', 20_000);
await measureStore('machine', 1, 1000);
await measureStore('process', 1, 5000);
await measureStore('machine', 50, 200);
await measureStore('process', 50, 200);
await measureStore('machine', 1000, 10);
rmSync(directory, { recursive: true });
