import type { OptionGroup } from './option-group.ts';
import { BACKUPS_GROUPS } from './backups-groups.ts';
import { STORAGE_GROUPS } from './storage-groups.ts';

const CORE = 'packages/core/src';

/** Every kind of options of `@holdfast/core` and of the stores of `@holdfast/storage`. */
export const GROUPS = {
  definition: {
    title: 'Flows and tasks',
    taken:
      'Taken by `flow(fn, options)`, `task(fn, options)`, both decorators, and `with(options)`.',
    declared: [
      {
        file: `${CORE}/definition/options.ts`,
        names: ['RunOptions', 'Hooks', 'FlowOptions', 'TaskOptions', 'CallOptions'],
      },
      { file: `${CORE}/definition/transaction-hooks.ts`, names: ['TransactionHooks'] },
    ],
    read: {
      file: `${CORE}/definition/define.ts`,
      head: /export function define\([^]*?\): Definition \{/,
      variable: 'options',
    },
  },
  retries: {
    title: 'Retries',
    taken: 'Taken by the option `retries`.',
    declared: [{ file: `${CORE}/policies/retry.ts`, names: ['Retries'] }],
    read: {
      file: `${CORE}/policies/retry.ts`,
      head: /export function retryPolicy\([^]*?\): RetryPolicy \{/,
      variable: 'retries',
    },
  },
  window: {
    title: 'Windows',
    taken: 'Taken by the option `window`.',
    declared: [{ file: `${CORE}/policies/window.ts`, names: ['TimeWindow'] }],
    read: {
      file: `${CORE}/policies/window.ts`,
      head: /export function checkWindow\([^]*?\): CheckedWindow \{/,
      variable: 'given',
    },
  },
  group: {
    title: 'Groups',
    taken: 'Taken by `group(name, options, code)`.',
    declared: [{ file: `${CORE}/definition/group-options.ts`, names: ['GroupOptions'] }],
    read: {
      file: `${CORE}/definition/group-options.ts`,
      head: /export function checkGroup\([^]*?\): number \{/,
      variable: 'options',
    },
  },
  transaction: {
    title: 'Transactions',
    taken: 'Taken by `transaction(fn, options)`.',
    declared: [
      { file: `${CORE}/definition/transaction-options.ts`, names: ['TransactionOptions'] },
    ],
    read: {
      file: `${CORE}/definition/transaction-options.ts`,
      head: /export function checkTransaction\([^]*?\): CheckedTransaction \{/,
      variable: 'options',
    },
  },
  engine: {
    title: 'Engines',
    taken: 'Taken by `createEngine(options)`.',
    declared: [{ file: `${CORE}/engine/engine-options.ts`, names: ['EngineOptions'] }],
    read: {
      file: `${CORE}/engine/create-engine.ts`,
      head: /export function createEngine\([^]*?\): Engine \{/,
      variable: 'options',
    },
  },
  logs: {
    title: 'Lines that are kept',
    taken: 'Taken by the option `logs` of an engine.',
    declared: [{ file: `${CORE}/engine/notes/log-keeping.ts`, names: ['LogOptions'] }],
    read: {
      file: `${CORE}/engine/notes/log-keeping.ts`,
      head: /export function logKeeping\([^]*?\): LogKeeping \{/,
      variable: 'options',
    },
  },
  results: {
    title: 'Large results',
    taken: 'Taken by the option `results` of an engine.',
    declared: [{ file: `${CORE}/engine/results/result-options.ts`, names: ['ResultOptions'] }],
    read: {
      file: `${CORE}/engine/results/result-options.ts`,
      head: /export function resultKeeping\([^]*?\): ResultKeeping \{/,
      variable: 'options',
    },
  },
  retention: {
    title: 'Retention',
    taken: 'Taken by the option `retention` of an engine.',
    declared: [
      { file: `${CORE}/engine/retention/retention-options.ts`, names: ['RetentionOptions'] },
    ],
    read: {
      file: `${CORE}/engine/retention/retention-options.ts`,
      head: /export function retentionRules\([^]*?\): RetentionRules \{/,
      variable: 'options',
    },
  },
  prune: {
    title: 'Forgetting runs',
    taken: 'Taken by `engine.prune(options)`.',
    declared: [{ file: `${CORE}/engine/retention/prune-options.ts`, names: ['PruneOptions'] }],
    read: {
      file: `${CORE}/engine/retention/retention.ts`,
      head: /async prune\([^]*?\): Promise<PruneReport> \{/,
      variable: 'options',
    },
  },
  sweepResults: {
    title: 'Removing results without a run',
    taken: 'Taken by `engine.sweepResults(options)`.',
    declared: [{ file: `${CORE}/engine/results/sweep-results.ts`, names: ['SweepResultsOptions'] }],
    read: {
      file: `${CORE}/engine/results/sweep-results.ts`,
      head: /export async function sweepResults\([^]*?\): Promise<ResultsSwept> \{/,
      variable: 'options',
    },
  },
  start: {
    title: 'Starting a flow',
    taken: 'Taken by `engine.start(flow, args, options)`.',
    declared: [{ file: `${CORE}/engine/engine.ts`, names: ['StartOptions'] }],
    read: {
      file: `${CORE}/engine/create-engine.ts`,
      head: /async startDefinition\([^]*?\): Promise<FlowHandle<unknown>> \{/,
      variable: 'options',
    },
  },
  enqueue: {
    title: 'Queues',
    taken: 'Taken by `engine.enqueue(flow, args, options)`, beside those of `engine.start()`.',
    declared: [{ file: `${CORE}/engine/queues/queue-options.ts`, names: ['EnqueueOptions'] }],
    read: {
      file: `${CORE}/engine/queues/queue-options.ts`,
      head: /export function queuePlace\([^]*?\): QueuePlace \{/,
      variable: 'options',
    },
  },
  work: {
    title: 'Workers',
    taken: 'Taken by `engine.work(options)`.',
    declared: [{ file: `${CORE}/engine/queues/queue-options.ts`, names: ['WorkOptions'] }],
    read: {
      file: `${CORE}/engine/queues/queue-options.ts`,
      head: /export function workTerms\([^]*?\): WorkTerms \{/,
      variable: 'options',
    },
  },
  times: {
    title: 'Times of a schedule',
    taken: 'Taken by `schedule(flow, options)`: those of one of the three kinds.',
    declared: [
      {
        file: `${CORE}/policies/occurrences.ts`,
        names: ['CronTimes', 'IntervalTimes', 'GivenTimes'],
      },
    ],
    read: {
      file: `${CORE}/policies/occurrences.ts`,
      head: /export function occurrencesOf\([^]*?\): Occurrences \{/,
      variable: 'times',
    },
  },
  inputs: {
    title: 'Inputs',
    taken: 'Taken by `runContext().pauseForInput(name, options)`.',
    declared: [{ file: `${CORE}/engine/waiting/input-pause.ts`, names: ['InputOptions'] }],
    read: {
      file: `${CORE}/engine/waiting/input-pause.ts`,
      head: /  constructor\(scope: Scope, [^]*?\) \{/,
      variable: 'options',
    },
  },
  schedule: {
    title: 'Schedules',
    taken: 'Taken by `schedule(flow, options)`.',
    declared: [{ file: `${CORE}/definition/schedule-options.ts`, names: ['ScheduleRules'] }],
    read: {
      file: `${CORE}/definition/schedule.ts`,
      head: /export function makeSchedule\([^]*?\): CheckedSchedule \{/,
      variable: 'given',
    },
  },
  ...STORAGE_GROUPS,
  ...BACKUPS_GROUPS,
} as const satisfies { readonly [group: string]: OptionGroup };

export type GroupName = keyof typeof GROUPS;

/** Whether a name is that of a group. */
export function isGroup(name: string): name is GroupName {
  return name in GROUPS;
}
