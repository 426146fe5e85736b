/**
 * The workflow engine: flows, tasks, states, retries, recovery.
 *
 * @module @holdfast/core
 */
export { memoryRunStore } from './store/memory/memory-run-store.ts';
export type { MemoryRunStoreOptions } from './store/memory/memory-run-store.ts';
export { checkWrites } from './store/check-writes.ts';
export { bodyChunks } from './store/object-body.ts';
export {
  checkObjectKey,
  checkObjectPrefix,
  isObjectKey,
  MAX_KEY_BYTES,
  MAX_PART_BYTES,
} from './store/object-key.ts';
export { compareObjectKeys } from './store/object-key-order.ts';
export { layeredStore } from './store/layered-store.ts';
export { isReplayable, replayableBody } from './store/replayable-body.ts';
export { tappedBody } from './store/tapped-body.ts';
export type { BodyTap } from './store/tapped-body.ts';
export { checkRange, rangeWithin } from './store/object-range.ts';
export type { ByteRange } from './store/object-range.ts';
export { ObjectStoreError, objectStoreProblem } from './store/object-store.ts';
export type {
  GetOptions,
  ObjectBody,
  ObjectInfo,
  ObjectStore,
  ObjectStoreProblem,
  ObjectStoreProperties,
  PutOptions,
  SweepOptions,
  SweepReport,
} from './store/object-store.ts';
export { memoryObjectStore } from './store/memory/memory-object-store.ts';
export type { MemoryObjectStoreOptions } from './store/memory/memory-object-store.ts';
export { HoldfastError, isHoldfastError } from './errors/holdfast-error.ts';
export type { HoldfastErrorOptions } from './errors/holdfast-error.ts';
export type * from './model/failure.ts';
export { createScrubber, Scrubber } from './secret/scrubber.ts';
export { scrubStream } from './secret/scrub-stream.ts';
export { isSecret, Secret, secret } from './secret/secret.ts';
export type { SecretParameterDecorator } from './secret/secret-parameters.ts';
export { resolveSecret } from './secret/resolve-secret.ts';
export type { SecretResolver, SecretResolvers } from './secret/resolve-secret.ts';
export type { RunId } from './model/ids.ts';
export type * from './model/json.ts';
export type * from './model/code-version.ts';
export type * from './model/run.ts';
export type { RunBounds, WindowSpan } from './model/bounds.ts';
export type { Membership, TransactionId } from './model/transaction.ts';
export type * from './model/artifact.ts';
export type { LogEntry, LogLevel } from './model/log-entry.ts';
export { LOG_LEVELS } from './model/log-entry.ts';
export type * from './model/shared-state.ts';
export type * from './model/state.ts';
export type * from './store/run-store.ts';
export type * from './store/claims.ts';
export { claimableFrom } from './store/claimable.ts';
export type * from './store/run-notes.ts';
export type * from './store/shared-state.ts';
export { Watchers } from './store/watchers.ts';
export { flow } from './flow.ts';
export { map, submit, task } from './task.ts';
export { collectFlows, collectTasks } from './collect.ts';
export type { SomeFlow, SomeTask } from './collect.ts';
export { schedule } from './schedule.ts';
export { transaction } from './engine/transactions/transaction.ts';
export type { Transaction, TransactionOptions } from './definition/transaction-options.ts';
export type { Schedule } from './definition/schedule.ts';
export type { Overlap, ScheduleOptions, ScheduleRules } from './definition/schedule-options.ts';
export type { Catchup } from './policies/catchup.ts';
export type { Fitting, IfWontFit } from './policies/fitting.ts';
export type { TimeWindow, Weekday } from './policies/window.ts';
export { nextTime } from './policies/occurrences.ts';
export type { CronTimes, GivenTimes, IntervalTimes, Times } from './policies/occurrences.ts';
export type { ScheduleInfo, Schedules } from './engine/schedules/schedules.ts';
export { allowFailure } from './future/allow-failure.ts';
export { quote } from './future/quote.ts';
export type { Quoted } from './future/quote.ts';
export type { TaskFuture, TaskFutureList, Waitable } from './future/task-future.ts';
export { valuesOf } from './future/outcome-values.ts';
export type { ValuesOf } from './future/outcome-values.ts';
export type { Outcome } from './model/outcome.ts';
export type { Duration } from './model/duration.ts';
export { durationMs } from './model/duration.ts';
export { firstRunId, isRunId, newRunId, systemRandom, uuidv7 } from './model/ids.ts';
export type { RandomBytes } from './model/ids.ts';
export { isTerminal, isTerminalType, STATE_TYPES } from './model/state.ts';
export type * from './definition/callable-types.ts';
export type * from './definition/input-types.ts';
export type {
  CallOptions,
  FlowOptions,
  Hooks,
  RunOptions,
  SecretArg,
  TaskOptions,
} from './definition/options.ts';
export type { Limit, LimitUse, WhenLimited } from './definition/limit-options.ts';
export type { CommitInfo, RollbackInfo, TransactionHooks } from './definition/transaction-hooks.ts';
export type { HookInfo } from './definition/hook-info.ts';
export { cacheBy } from './policies/cache-policy.ts';
export type { CacheInput, CacheKeyFunction, CachePolicy } from './policies/cache-policy.ts';
export type { OtherVersions } from './policies/resume.ts';
export { decideRetry, retryPolicy, whenError } from './policies/retry.ts';
export type { Retries, RetryDecision, RetryInfo, RetryPolicy } from './policies/retry.ts';
export type { Backoff } from './policies/backoff.ts';
export { displayState } from './reading/display-state.ts';
export type { DisplayState } from './reading/display-state.ts';
export type { Explanation } from './reading/explanation.ts';
export type { FailureStep, FirstFailure } from './reading/first-failure.ts';
export type { LimitKind } from './model/limit-name.ts';
export type { LimitInTheWay, ShareHolder } from './reading/limit-wait.ts';
export type { NamedRun } from './reading/named-run.ts';
export type { WorkersSeen } from './reading/queue-wait.ts';
export type { RunFacts, StateCounts } from './reading/run-facts.ts';
export type { LeaseHolder } from './reading/run-tree.ts';
export type { RunsAgain } from './reading/runs-again.ts';
export type { Lane, Phase, Span, Timeline } from './reading/timeline.ts';
export { timelineGantt } from './reading/timeline-gantt.ts';
export type { TimelineGanttOptions } from './reading/timeline-gantt.ts';
export { timelineText } from './reading/timeline-text.ts';
export type { TimelineTextOptions } from './reading/timeline-text.ts';
export type { Reason, Wait } from './reading/wait.ts';
export { createEngine } from './engine/create-engine.ts';
export { defaultEngine, setDefaultEngine } from './engine/default-engine.ts';
export type { DefinitionInfo } from './engine/definition-info.ts';
export type { ResultsSwept, SweepResultsOptions } from './engine/results/sweep-results.ts';
export type { PruneOptions, PruneReport } from './engine/retention/prune-options.ts';
export type { Keep, RetentionOptions } from './engine/retention/retention-options.ts';
export type { Engine, HistoryKeeper, StartOptions } from './engine/engine.ts';
export type { AttemptInfo, EngineOptions } from './engine/engine-options.ts';
export type { EnqueueOptions, WorkOptions } from './engine/queues/queue-options.ts';
export type { Queues, QueueWorker } from './engine/queues/queues.ts';
export type { GivenArtifact } from './engine/notes/artifact-body.ts';
export type { ResultOptions } from './engine/results/result-options.ts';
export type { LogOptions } from './engine/notes/log-keeping.ts';
export type { FlowHandle, RecoveryReport, WaitingRun } from './engine/flow-handle.ts';
export type { LogFilter, RunReader } from './engine/run-reader.ts';
export type { AttemptSpan, CommitSpan, RunSpan } from './engine/spans.ts';
export { group } from './engine/group.ts';
export type { GroupOptions } from './definition/group-options.ts';
export { runContext } from './engine/run-context.ts';
export type { RunContext } from './engine/run-context.ts';
export type {
  EngineEventMap,
  EngineEventName,
  EngineEvents,
  Progress,
  ToldProgress,
} from './events/engine-events.ts';
export type { InputOptions } from './engine/waiting/input-pause.ts';
export { silentLogger } from './events/logger.ts';
export type { Logger, LogMethod, RunLogger } from './events/logger.ts';
export { sleep } from './clock/clock.ts';
export type { Clock, Timer } from './clock/clock.ts';
export { systemClock } from './clock/system-clock.ts';
