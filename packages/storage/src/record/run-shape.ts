import type {
  AwaitingRetryState,
  CancelledState,
  CancellingState,
  CompletedState,
  CrashedState,
  Dependency,
  EarlierVersion,
  FailedState,
  Failure,
  FlowRun,
  Membership,
  PausedState,
  RunBounds,
  RunningState,
  ScheduledState,
  SkippedState,
  StateName,
  StateType,
  StoredValue,
  TaskRun,
  WindowSpan,
} from '@holdfast/core';
import {
  count,
  flag,
  json,
  lazy,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  text,
  variant,
} from './shape.ts';
import type { Members, Shape } from './shape.ts';

type Inline = Extract<StoredValue, { readonly inline: unknown }>;
type InObjectStore = Extract<StoredValue, { readonly object: string }>;

const inline = record<Inline>({ inline: json });
const inObjectStore = record<InObjectStore>({ object: text, bytes: count, sha256: text });

/** A result, inline or by reference. */
export const storedValue: Shape = (value) =>
  typeof value === 'object' && value !== null && 'object' in value
    ? inObjectStore(value)
    : inline(value);

const failure: Shape = record<Failure>({
  name: text,
  message: text,
  code: optional(text),
  hint: optional(text),
  retryable: optional(flag),
  stack: optional(text),
  context: optional(object),
  cause: optional(lazy(() => failure)),
  errors: optional(list(lazy(() => failure))),
});

/** A state's members without type and name, which chose it. */
type Rest<T> = Omit<Members<T>, 'type' | 'name'>;

const SCHEDULED: Rest<ScheduledState> = {
  dueAt: number,
  resumes: optional(flag),
  limits: optional(list(text)),
};
const AWAITING_RETRY: Rest<AwaitingRetryState> = {
  dueAt: number,
  nextAttempt: count,
  error: failure,
};
const RUNNING: Rest<RunningState> = { attempt: count };
const PAUSED: Rest<PausedState> = {
  until: optional(number),
  input: optional(text),
  inputs: optional(list(text)),
};
const STOPPED: Rest<CancellingState> & Rest<CancelledState> = {
  reason: text,
  cutOff: optional(flag),
};
const COMPLETED: Rest<CompletedState> = { result: storedValue, failedTasks: optional(count) };
const FAILED: Rest<FailedState> = { error: failure };
const CRASHED: Rest<CrashedState> = { error: failure };
const SKIPPED: Rest<SkippedState> = { reason: text };

const STATES: { readonly [N in StateName]: readonly [StateType, Readonly<Record<string, Shape>>] } =
  {
    Scheduled: ['SCHEDULED', SCHEDULED],
    AwaitingSlot: ['SCHEDULED', SCHEDULED],
    AwaitingWindow: ['SCHEDULED', SCHEDULED],
    AwaitingRecovery: ['SCHEDULED', SCHEDULED],
    AwaitingRetry: ['SCHEDULED', AWAITING_RETRY],
    Pending: ['PENDING', {}],
    Running: ['RUNNING', RUNNING],
    Retrying: ['RUNNING', RUNNING],
    Resumed: ['RUNNING', RUNNING],
    Paused: ['PAUSED', PAUSED],
    Sleeping: ['PAUSED', PAUSED],
    Cancelling: ['CANCELLING', STOPPED],
    Completed: ['COMPLETED', COMPLETED],
    Cached: ['COMPLETED', COMPLETED],
    Failed: ['FAILED', FAILED],
    TimedOut: ['FAILED', FAILED],
    MissedWindow: ['FAILED', FAILED],
    WindowClosed: ['FAILED', FAILED],
    Crashed: ['CRASHED', CRASHED],
    Cancelled: ['CANCELLED', STOPPED],
    UpstreamFailed: ['SKIPPED', SKIPPED],
    NotNeeded: ['SKIPPED', SKIPPED],
    Overlap: ['SKIPPED', SKIPPED],
    WontFit: ['SKIPPED', SKIPPED],
  };

/** Every state, chosen by its name. */
export const stateShape: Shape = variant(
  'name',
  new Map(
    Object.entries(STATES).map(([name, [type, rest]]) => [
      name,
      record<Record<string, unknown>>({ type: oneOf(type), name: text, ...rest }),
    ]),
  ),
);

const bounds = record<RunBounds>({
  deadline: optional(number),
  window: optional(record<WindowSpan>({ opensAt: number, closesAt: number })),
});

const COMMON = {
  id: text,
  name: text,
  rootId: text,
  generation: count,
  version: count,
  state: stateShape,
  attempts: count,
  recoveries: count,
  createdAt: number,
  startedAt: optional(number),
  endedAt: optional(number),
  bounds: optional(bounds),
  tags: list(text),
  groups: optional(list(text)),
  parentTry: optional(text),
  runName: optional(text),
  definitionVersion: optional(text),
  rolledBackAt: optional(number),
  transaction: optional(record<Membership>({ id: text, within: list(text) })),
  queue: optional(text),
};

const flowShape = record<FlowRun>({
  ...COMMON,
  kind: oneOf('flow'),
  parentId: optional(text),
  inputs: json,
  idempotencyKey: optional(text),
  codeVersion: optional(text),
  gitCommit: optional(text),
  earlierVersions: optional(
    list(
      record<EarlierVersion>({
        codeVersion: optional(text),
        gitCommit: optional(text),
        until: number,
      }),
    ),
  ),
  traceparent: optional(text),
  scheduled: optional(record<NonNullable<FlowRun['scheduled']>>({ schedule: text, at: number })),
  key: optional(text),
});

const taskShape = record<TaskRun>({
  ...COMMON,
  kind: oneOf('task'),
  parentId: text,
  key: text,
  inputHash: text,
  inputs: optional(json),
  dependsOn: list(record<Dependency>({ runId: text, generation: count })),
});

/** A flow run or a task run, whole. */
export const runShape: Shape = variant(
  'kind',
  new Map([
    ['flow', flowShape],
    ['task', taskShape],
  ]),
);
