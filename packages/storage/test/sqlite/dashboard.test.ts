import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunQuery } from '@holdfast/core';
import { selectRuns } from '../../src/sql/list-runs.ts';
import { listTerms } from '../../src/sql/list-terms.ts';
import { openDatabase } from '../../src/sqlite/worker/database.ts';
import { WORDS } from '../../src/sqlite/worker/words.ts';
import { DASHBOARD_READS, type DashboardRead } from '../dashboard-reads.ts';
import { scratchFile } from './scratch.ts';

const BY_STATE = 'run_top_state (state_type=?';
const BY_NAME = 'run_name (name=?';

/** The index that each is read off, and how far it is searched. */
const INDEXES: { readonly [read in DashboardRead]: string } = {
  'the latest flows': 'SCAN run USING INDEX run_top',
  'the latest flows, a page further': 'run_top (id<?)',
  'flows, and subflows': 'SCAN run USING INDEX run_flow',
  'flows, and subflows, a page further': 'run_flow (id<?)',
  'flows, and subflows, that failed': 'run_flow_state (state_type=?)',
  'flows that are under way': `${BY_STATE})`,
  'flows that failed': `${BY_STATE})`,
  'flows that failed, a page further': `${BY_STATE} AND id<?)`,
  'flows that completed': `${BY_STATE})`,
  'the latest runs of a flow': `${BY_NAME})`,
  'flows of a day': 'run_top (id>? AND id<?)',
  'flows with a tag': 'run_tag_top (tag=?)',
  'flows of a schedule': 'run_schedule (<expr>=?)',
  'the latest runs of a task': `${BY_NAME})`,
  'the latest runs of a task, a page further': `${BY_NAME} AND id<?)`,
  'tasks that failed': 'run_state (state_type=?)',
  'runs of a task that failed': 'run_name_bad (name=? AND state_type=?)',
  'runs of a task that completed': `${BY_NAME})`,
  'what is below a run': 'run_root (root_id=?)',
  'what is below a run, a page further': 'run_root (root_id=? AND id>?)',
  'what failed below a run': 'run_root (root_id=?)',
  'all runs of a root': 'run_root (root_id=?)',
  'what failed in a root': 'run_root (root_id=?)',
};

/** Where SQLite takes the rows from, and what it sorts. */
async function plan(query: RunQuery): Promise<string[]> {
  const path = await scratchFile();
  const database = await openDatabase(path);
  onTestFinished(() => database.close());
  const file = new DatabaseSync(path);
  onTestFinished(() => file.close());
  const { sql } = selectRuns(database.query, WORDS, listTerms(query)).compile();
  return file
    .prepare(`explain query plan ${sql}`)
    .all()
    .map(({ detail }) => String(detail));
}

describe('a dashboard over a SQLite run store reads', () => {
  it.each(Object.entries(INDEXES) as [DashboardRead, string][])(
    '%s off an index, in its order',
    async (read, index) => {
      const query: RunQuery = DASHBOARD_READS[read];
      const steps = await plan(query);
      const told = steps.join('\n');
      expect(told).toContain(index);
      // Every table is asked by an index, but for the joined pages, and the tags of a run, which lie in it.
      const whole = /^SCAN (?!.*USING (COVERING )?INDEX|part$|json_each)/;
      expect(steps.filter((step) => whole.test(step))).toEqual([]);
      // Only pages that are joined are sorted: as many rows as they hold.
      const joined = (query.states?.length ?? 0) > 1 || query.parentId !== undefined;
      const sorts = steps.filter((step) => step.includes('TEMP B-TREE')).length;
      const pages = steps.filter((step) => step === 'SCAN part').length;
      expect(sorts, told).toBe(joined ? pages : 0);
    },
  );
});
