import { describe, expect, it, onTestFinished } from 'vitest';
import type { PruneRequest, RunQuery } from '@holdfast/core';
import { creation, sampleFlow, sampleId } from '@holdfast/core/testing';
import { listTerms } from '../../src/sql/list-terms.ts';
import { Claims, claimStatements } from '../../src/sqlite/worker/claims.ts';
import { Committer } from '../../src/sqlite/worker/commit.ts';
import { openDatabase } from '../../src/sqlite/worker/database.ts';
import type { Database } from '../../src/sqlite/worker/database.ts';
import { Leases } from '../../src/sqlite/worker/leases.ts';
import { selectRuns } from '../../src/sql/list-runs.ts';
import { Permits } from '../../src/sqlite/worker/permits.ts';
import { Pruner } from '../../src/sqlite/worker/prune.ts';
import { selectPrunable } from '../../src/sql/prunable.ts';
import { readArtifacts, readLines } from '../../src/sql/read-notes.ts';
import { readCached, readInputs, readPermits, readSchedules } from '../../src/sql/read-shared.ts';
import { WORDS } from '../../src/sqlite/worker/words.ts';
import * as reads from '../../src/sql/reads.ts';
import { Connection } from '../../src/sqlite/worker/statements.ts';
import { behindItsBack, openStore, scratchFile } from './scratch.ts';

const id = sampleId(1);

/** Opens a database and notes the text of every statement that `work` prepares. */
async function statementsOf(work: (database: Database) => unknown): Promise<[string, string[]]> {
  const path = await scratchFile();
  const database = await openDatabase(path);
  onTestFinished(() => database.close());
  const texts: string[] = [];
  const { prepare, prepareCompiled } = Connection.prototype;
  database.connection.prepare = function (text) {
    texts.push(text);
    return prepare.call(this, text);
  };
  database.connection.prepareCompiled = function (query) {
    texts.push(query.compile().sql);
    return prepareCompiled.call(this, query);
  };
  await work(database);
  return [path, texts];
}

/** The steps of SQLite's plan for a statement. */
function plan(path: string, text: string): string[] {
  return behindItsBack(path, (file) =>
    file
      .prepare(`explain query plan ${text}`)
      .all()
      .map(({ detail }) => String(detail)),
  );
}

/** Reads all rows of a table, in no order or by sorting them. */
const SLOW = /^SCAN (?!.*USING (COVERING )?INDEX|part|run$)|USE TEMP B-TREE/;

const OLD: PruneRequest = { endedBefore: 1, limit: 9, now: 1 };

/** They are few, and the retention alone asks for them all. */
const ALL_PERMITS = 'delete from "permit" where "expires_at" < ?';

const READS: readonly (readonly [string, (database: Database) => unknown])[] = [
  ['run', ({ query }) => reads.readRun(query, id)],
  ['history', ({ query }) => reads.readHistory(query, id)],
  ['below', ({ query }) => reads.readBelow(query, id)],
  ['recorded', ({ query }) => reads.readRecorded(query, id)],
  ['pendingHooks of a root', ({ query }) => reads.readPendingHooks(query, id)],
  ['children', ({ query }) => reads.readChildren(query, id)],
  ['openRuns', ({ query }) => reads.readOpenRuns(query, WORDS)],
  ['logs of a root', ({ query }) => readLines(query, WORDS, { rootId: id, after: 7 })],
  ['artifacts', ({ query }) => readArtifacts(query, id)],
  ['cached', ({ query }) => readCached(query, 'k')],
  ['permits', ({ query }) => readPermits(query, ['db', 'api'])],
  ['inputs', ({ query }) => readInputs(query, id)],
  ['the writes of commit', (database) => new Committer(database)],
  ['the writes of leases', (database) => new Leases(database)],
  ['claims', (database) => new Claims(database)],
  ['the writes of permits', (database) => new Permits(database)],
  ['the retention', (database) => new Pruner(database).prune({ ...OLD, name: 'x' })],
];

const QUERIES: readonly (readonly [RunQuery, string])[] = [
  [{}, 'sqlite_autoindex_run_1'],
  [{ order: 'oldest', after: id }, 'sqlite_autoindex_run_1'],
  [{ topLevel: true }, 'run_top'],
  [{ topLevel: true, name: 'nightly' }, 'run_'],
  [{ name: 'dump' }, 'run_name'],
  [{ name: 'dump', after: id }, 'run_name'],
  [{ states: ['FAILED'] }, 'run_state'],
  [{ states: ['FAILED', 'CRASHED'], after: id }, 'run_state'],
  [{ states: ['COMPLETED'] }, 'sqlite_autoindex_run_1'],
  [{ rootId: id, after: id }, 'run_root (root_id=? AND id<?)'],
  [{ parentId: id }, 'run_root (root_id=?)'],
  [{ parentId: id, order: 'oldest', after: id }, 'run_root (root_id=? AND id>?)'],
  [{ parentId: id, after: id }, 'run_parent (parent_id=? AND id<?)'],
  [{ name: 'dump', key: 'orders' }, 'run_name'],
  [{ name: 'dump', states: ['COMPLETED'], limit: 300 }, 'run_name'],
  [{ parentId: id, key: 'orders' }, 'run_parent'],
  [{ tag: 'prod' }, 'run_tag USING PRIMARY KEY (tag=?)'],
  [{ tag: 'prod', after: id, name: 'dump' }, 'run_tag USING PRIMARY KEY (tag=? AND run_id<?)'],
  [{ tag: 'prod', parentId: id }, 'run_parent'],
  [{ tag: 'prod', states: ['FAILED', 'CRASHED'] }, 'run_tag'],
  [{ schedule: 'nightly' }, 'run_schedule (<expr>=?)'],
  [{ schedule: 'nightly', after: id }, 'run_schedule (<expr>=? AND id<?)'],
  [{ createdFrom: 1, createdBefore: 9 }, 'sqlite_autoindex_run_1 (id>? AND id<?)'],
  [{ topLevel: true, createdFrom: 1 }, 'run_top (id>?)'],
  [{ name: 'dump', createdFrom: 1, createdBefore: 9 }, 'run_name (name=? AND id>? AND id<?)'],
  [{ states: ['FAILED'], stateNames: ['TimedOut'], createdFrom: 1 }, 'run_state (state_type=?'],
  [{ kind: 'flow' }, 'run_flow'],
  [{ kind: 'flow', after: id }, 'run_flow (id<?)'],
  [{ kind: 'flow', states: ['FAILED'] }, 'run_flow_state (state_type=?)'],
  [
    { kind: 'flow', states: ['RUNNING', 'PAUSED'], after: id },
    'run_flow_state (state_type=? AND id<?)',
  ],
  [{ kind: 'flow', topLevel: true }, 'run_top'],
  [{ schedule: 'nightly', states: ['SCHEDULED', 'RUNNING'] }, 'run_'],
  [{ tag: 'prod', createdFrom: 1 }, 'run_tag USING PRIMARY KEY (tag=? AND run_id>?)'],
];

describe('the plans of the SQLite run store', () => {
  it.each(READS)('search an index for %s', async (_, read) => {
    const [path, texts] = await statementsOf(read);
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) {
      if (text.startsWith('insert') || text === ALL_PERMITS) continue;
      const steps = plan(path, text);
      expect(
        steps.filter((step) => SLOW.test(step)),
        `${text}\n${steps.join('\n')}`,
      ).toEqual([]);
    }
  });

  it.each(QUERIES)('read runs(%j) off an index, in its order', async (wanted, index) => {
    const [path] = await statementsOf(() => undefined);
    const database = await openDatabase(path);
    onTestFinished(() => database.close());
    const { sql } = selectRuns(database.query, WORDS, listTerms(wanted)).compile();
    const steps = plan(path, sql);
    expect(steps.join('\n')).toContain(index);
    const union = (wanted.states?.length ?? 0) > 1 || wanted.parentId !== undefined;
    expect(steps.filter((step) => step.endsWith('SCAN run'))).toEqual([]);
    if (!union) expect(steps.filter((step) => /TEMP B-TREE/.test(step))).toEqual([]);
  });

  it('read open runs off an index in which those on queues do not stand', async () => {
    const [path, [open = '']] = await statementsOf(({ query }) => reads.readOpenRuns(query, WORDS));
    expect(plan(path, open)).toEqual([
      'SCAN lease USING INDEX lease_open',
      'SEARCH run USING INDEX sqlite_autoindex_run_1 (id=?)',
    ]);
    const store = await openStore(path);
    const queue = {
      queue: 'q',
      state: { type: 'SCHEDULED', name: 'Scheduled', dueAt: 1 },
    } as const;
    await store.commit([creation(sampleFlow(1, queue)), creation(sampleFlow(2))], 'process');
    const held = behindItsBack(path, (file) =>
      file
        .prepare(`select count(*) as held from lease indexed by lease_open where root_id = run_id
          and ended_at is null and (queue is null or due_at is null or holder <> '')`)
        .get(),
    );
    expect(held).toMatchObject({ held: 1 });
  });

  it.each([
    [{ rootId: id, runId: sampleId(2) }, 'log_run (run_id=? AND position>?)'],
    [{ rootId: id, level: 'error' }, 'log_root (root_id=? AND position>?)'],
  ] as const)('read logs(%j) off an index', async (wanted, index) => {
    const [path, texts] = await statementsOf(({ query }) => readLines(query, WORDS, wanted));
    expect(texts.flatMap((text) => plan(path, text))).toEqual([`SEARCH log USING INDEX ${index}`]);
  });

  it.each([OLD, { ...OLD, name: 'nightly', states: ['FAILED', 'CRASHED'] as const }])(
    'find what is to be forgotten (%j) in the order of its end',
    async (request) => {
      const path = await scratchFile();
      const database = await openDatabase(path);
      onTestFinished(() => database.close());
      const steps = plan(path, selectPrunable(database.query, request).compile().sql);
      expect(steps[0]).toContain('SEARCH lease USING');
      expect(steps[0]).toContain('lease_ended (ended_at>? AND ended_at<?)');
      expect(steps.filter((step) => SLOW.test(step))).toEqual([]);
    },
  );

  it('find what can be claimed in the order in which it became free', async () => {
    const [path] = await statementsOf(() => undefined);
    const database = await openDatabase(path);
    onTestFinished(() => database.close());
    const { free, taken } = claimStatements(database.query);
    const [first] = plan(path, free.compile().sql);
    expect(first).toContain('SEARCH lease USING INDEX lease_free (queue=? AND <expr><?)');
    expect(plan(path, taken.compile().sql)[0]).toContain('USING INDEX lease_free (queue=?)');
  });

  it('read the few schedules in the order of their names, without sorting them', async () => {
    const [path, texts] = await statementsOf(({ query }) => readSchedules(query));
    expect(texts.flatMap((text) => plan(path, text))).toEqual(['SCAN schedule']);
  });

  it('sort no more than a page per state', async () => {
    const [path] = await statementsOf(() => undefined);
    const database = await openDatabase(path);
    onTestFinished(() => database.close());
    const { sql } = selectRuns(database.query, WORDS, { states: ['FAILED', 'CRASHED'] }).compile();
    const steps = plan(path, sql);
    expect(steps.filter((step) => /SEARCH run USING INDEX run_state/.test(step))).toHaveLength(2);
    expect(sql.match(/limit \?/g)).toHaveLength(3);
  });
});
