import type { RunQuery } from '@holdfast/core';
import { sampleId } from '@holdfast/core/testing';

const id = sampleId(1);

/** The lists that a dashboard shows: each is to be read off an index, a page at a time, however many runs there are. */
export const DASHBOARD_READS = {
  'the latest flows': { topLevel: true },
  'the latest flows, a page further': { topLevel: true, after: id },
  'flows, and subflows': { kind: 'flow' },
  'flows, and subflows, a page further': { kind: 'flow', after: id },
  'flows, and subflows, that failed': { kind: 'flow', states: ['FAILED'] },
  'flows that are under way': { topLevel: true, states: ['RUNNING', 'PAUSED', 'CANCELLING'] },
  'flows that failed': { topLevel: true, states: ['FAILED'] },
  'flows that failed, a page further': { topLevel: true, states: ['FAILED', 'CRASHED'], after: id },
  'flows that completed': { topLevel: true, states: ['COMPLETED'] },
  'the latest runs of a flow': { topLevel: true, name: 'nightly' },
  'flows of a day': { topLevel: true, createdFrom: 1, createdBefore: 9 },
  'flows with a tag': { topLevel: true, tag: 'prod' },
  'flows of a schedule': { schedule: 'nightly' },
  'the latest runs of a task': { name: 'dump' },
  'the latest runs of a task, a page further': { name: 'dump', after: id },
  'tasks that failed': { kind: 'task', states: ['FAILED'] },
  'runs of a task that failed': { name: 'dump', states: ['FAILED'] },
  'runs of a task that completed': { name: 'dump', states: ['COMPLETED'] },
  'what is below a run': { parentId: id },
  'what is below a run, a page further': { parentId: id, order: 'oldest', after: id },
  'what failed below a run': { parentId: id, states: ['FAILED'] },
  'all runs of a root': { rootId: id, order: 'oldest' },
  'what failed in a root': { rootId: id, states: ['FAILED', 'CRASHED'] },
} as const satisfies { readonly [what: string]: RunQuery };

/** One of them. */
export type DashboardRead = keyof typeof DASHBOARD_READS;
