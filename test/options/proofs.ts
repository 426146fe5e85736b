import type { GroupName } from './groups.ts';
import { inFile } from './proof.ts';
import type { Proof } from './proof.ts';
import { BACKUPS_PROOFS } from './backups-proofs.ts';
import { STORAGE_PROOFS } from './storage-proofs.ts';

const ENGINE = 'packages/core/test/engine';
const TRANSACTIONS = 'packages/core/test/transactions';

/** Of each option that may be left out. `pnpm prove:options` holds the tests to it. */
export const PROOFS: { readonly [group in GroupName]: { readonly [option: string]: Proof } } = {
  definition: {
    ...inFile(`${ENGINE}/retry.test.ts`, {
      retries: 'happen after their delays, and whatever the error is',
      retryIf: 'ask retryIf with the original error',
      timeout: 'is told as such, and cancels what the attempt had started',
      grace: 'is abandoned after its grace: its context throws, and it can start nothing',
    }),
    ...inFile(`${ENGINE}/hooks.test.ts`, {
      onStart: 'tell each step with its subject',
      onSuccess: 'tell each step with its subject',
      onFailure: 'tell each step with its subject',
      onRetry: 'tell each step with its subject',
      onCancel: 'tell each step with its subject',
      onSkip: 'tell each step with its subject',
    }),
    ...inFile(`${TRANSACTIONS}/transaction.test.ts`, {
      onCommit:
        'gives what its code gave, with futures resolved, and calls commit hooks once all has ended',
    }),
    ...inFile(`${TRANSACTIONS}/rollback.test.ts`, {
      onRollback: 'keeps no other from being called, and is reported beside the error',
    }),
    ...inFile(`${ENGINE}/recovery.test.ts`, {
      maxRecoveries: 'is CRASHED when it died too often, and so is what it had under way',
    }),
    ...inFile(`${ENGINE}/identity.test.ts`, {
      key: 'that the author gives joins equal calls, and refuses different ones',
      durable: 'a flow that wants a durable store gets one, also as a subflow',
    }),
    ...inFile(`${ENGINE}/queues/task-queue.test.ts`, {
      queue:
        'waits there with its arguments, and is executed by the engine that works on the queue',
    }),
    ...inFile(`${ENGINE}/map.test.ts`, {
      concurrency: 'pulls an item only when a slot is free, and never runs more at once than told',
    }),
    ...inFile(`${ENGINE}/calls.test.ts`, {
      runName: 'comes from the arguments, once they are known',
      waitFor: 'that fail skip the task, which says why, and allowFailure lets it run',
    }),
    ...inFile(`${ENGINE}/version.test.ts`, {
      version: 'is kept with each run that is executed under it, and told',
    }),
    ...inFile(`${ENGINE}/secret-args.test.ts`, {
      secretArgs: 'is refused for a flow that is started, before there is a run',
    }),
    ...inFile(`${ENGINE}/stop-on-failure.test.ts`, {
      stopOnFailure: 'goes on from there when the flow is tried again',
    }),
    ...inFile(`${ENGINE}/cache.test.ts`, {
      cache: 'is given to an equal call of another run, as COMPLETED/Cached, and to no other',
      cacheFor: 'is served no longer than cacheFor',
      refreshCache: 'is made anew and replaced with refreshCache',
    }),
    ...inFile(`${ENGINE}/limits/limits.test.ts`, {
      limits: 'is shared by everything that names it: tasks, flows, and several of their slots',
      whenLimited: 'fails a run at once that would have to wait, with LIMIT_REACHED',
    }),
    ...inFile(`${ENGINE}/engine-options.test.ts`, {
      description: 'a flow is described by the engine that knows it',
      onCrash: 'calls a hook of a flow that is not taken up again',
    }),
    ...inFile('packages/core/test/decorators/instances.test.ts', {
      name: 'records the tasks under the names of their methods',
      tags: 'records the tasks under the names of their methods',
    }),
    ...inFile(`${ENGINE}/waiting/resume-rules.test.ts`, {
      resumeWithin: 'of a subflow ends that one, and its caller is told',
      resumeOtherVersions: 'may be judged by a function, whose throw means no',
    }),
    ...inFile(`${ENGINE}/waiting/still-valid.test.ts`, {
      stillValid: 'has a result that counts given again, after it was asked once',
    }),
    ...inFile(`${ENGINE}/waiting/input-given.test.ts`, {
      inputs: 'is checked by any engine that knows the definition, else by who waits',
    }),
    ...inFile(`${ENGINE}/deadline.test.ts`, {
      deadline: 'tells what is under way to stop, and fails it as timed out, without a retry',
    }),
    ...inFile(`${ENGINE}/window.test.ts`, {
      window: 'waits until it opens, and says so',
    }),
    ...inFile(`${ENGINE}/fits.test.ts`, {
      ifWontFit: 'is skipped where it says so, with both figures',
    }),
  },
  retries: inFile('packages/core/test/model/retry.test.ts', {
    delay: 'is fixed, a list of which the last repeats, exponential, or what a function says',
    backoff: 'is fixed, a list of which the last repeats, exponential, or what a function says',
    factor: 'is fixed, a list of which the last repeats, exponential, or what a function says',
    maxDelay: 'lets a function meet maxDelay too',
    jitter: 'is spread by the jitter between a part of the delay and all of it, as chance says',
    maxElapsed: 'begins after maxElapsed',
  }),
  group: inFile(`${ENGINE}/group-limit.test.ts`, {
    concurrency: 'counts calls, submissions and maps together',
  }),
  window: inFile(`${ENGINE}/window.test.ts`, {
    timeZone: 'goes by the clock of its zone',
    days: 'opens on its days alone',
    ifClosed: 'fails at once where it is not to wait',
  }),
  transaction: {
    ...inFile(`${TRANSACTIONS}/refusals.test.ts`, {
      name: 'a second one of its name in the same code, but not one within another',
    }),
    ...inFile(`${TRANSACTIONS}/nested.test.ts`, {
      commit: 'commit at their own end where they are eager, and stay',
    }),
  },
  engine: {
    ...inFile(`${ENGINE}/limits/limits.test.ts`, {
      limits: 'is shared by everything that names it: tasks, flows, and several of their slots',
      tagLimits: 'holds for every run with the tag, beside the limits that it names',
    }),
    ...inFile(`${ENGINE}/recovery.test.ts`, {
      flows: 'goes on elsewhere; what had completed is not executed again, attempts stay used',
      clock: 'gets the same time, chance and ids again, each attempt its own',
    }),
    ...inFile(`${ENGINE}/logs.test.ts`, {
      logs: 'are kept from the level on that the engine was given',
    }),
    ...inFile(`${ENGINE}/schedules.test.ts`, {
      schedules: 'runs its flow at each of its times, with arguments made for it',
    }),
    ...inFile(`${ENGINE}/engine-options.test.ts`, {
      tasks: 'delivers hooks that are due of the tasks that it was given',
      resources: 'gives runs its resources by their names',
      secrets: 'resolves secrets of schemes of its own',
      logger: 'hands lines of its runs to the logger',
      codeVersion: 'keeps the version of the code with each run',
      leaseTtl: 'leases its runs for as long as it is told',
      random: 'takes its random numbers from the source that it is given',
    }),
    ...inFile(`${ENGINE}/waiting/resume-rules.test.ts`, {
      gitCommit: 'is known by the commit that the engine is given, or that the environment names',
    }),
    ...inFile(`${ENGINE}/retry.test.ts`, { aroundAttempt: 'can be provoked by a plan' }),
    ...inFile(`${ENGINE}/retention.test.ts`, { retention: 'keeps for as long as it is told' }),
    ...inFile(`${ENGINE}/results.test.ts`, {
      results: 'lies in the object store, named and hashed in the record, and is read back',
    }),
  },
  logs: {
    ...inFile(`${ENGINE}/logs.test.ts`, {
      level: 'are kept from the level on that the engine was given',
      maxRun: 'ends with a line that says so where a run logs too much',
      maxTotal: 'is bounded over all that is below a top-level run',
    }),
    ...inFile(`${ENGINE}/logged-values.test.ts`, { maxLine: 'is cut where a line is too long' }),
  },
  results: {
    ...inFile(`${ENGINE}/results.test.ts`, {
      inlineUpTo: 'lies in the object store, named and hashed in the record, and is read back',
      prefix: 'lies in the object store, named and hashed in the record, and is read back',
    }),
  },
  retention: {
    ...inFile(`${ENGINE}/retention.test.ts`, {
      keep: 'keeps for as long as it is told',
      states: 'keeps runs longer, or less long, by the state they ended in',
      every: 'looks again as often as it is told',
      batch: 'goes by batches, and asks once for the states of one span',
    }),
  },
  prune: {
    ...inFile(`${ENGINE}/retention.test.ts`, {
      endedBefore: 'forgets what ended before a time, or longer ago than a span',
      olderThan: 'forgets what ended before a time, or longer ago than a span',
      states: 'forgets those of a flow, in a state, and no more than so many',
      name: 'forgets those of a flow, in a state, and no more than so many',
      limit: 'forgets those of a flow, in a state, and no more than so many',
    }),
  },
  sweepResults: {
    ...inFile(`${ENGINE}/results-retention.test.ts`, {
      olderThan: 'takes another age from an hour on',
    }),
  },
  start: {
    ...inFile(`${ENGINE}/identity.test.ts`, {
      idempotencyKey:
        'starts a run once, in one engine and in two, and gives its outcome ever after',
    }),
    ...inFile(`${ENGINE}/traceparent.test.ts`, {
      traceparent: 'is kept with the run, and known to everything below it',
    }),
  },
  enqueue: inFile(`${ENGINE}/queues/queue.test.ts`, {
    queue: 'goes to the queue that is named, where those who work on others leave it',
    at: 'is not started before its time',
  }),
  work: inFile(`${ENGINE}/queues/queue.test.ts`, {
    queues: 'goes to the queue that is named, where those who work on others leave it',
    concurrency: 'execute so many at once, the first queue first',
    lookEvery: 'look as often as they are told',
  }),
  times: inFile('packages/core/test/model/occurrences.test.ts', {
    timeZone: 'go by the clock of their zone, through the change to summer time',
    anchor: 'follow from their anchor in both directions',
  }),
  inputs: inFile(`${ENGINE}/waiting/input.test.ts`, {
    schema: 'gets what the schema makes of the value, and any value without one',
    timeout: 'fails the run as TimedOut, which is not tried again',
  }),
  schedule: {
    ...inFile(`${ENGINE}/queues/schedule-queue.test.ts`, {
      queue: 'has its runs executed by whichever engine works on the queue, each once',
    }),
    ...inFile(`${ENGINE}/schedules.test.ts`, {
      maxLateness: 'gives up what is later than maxLateness',
      overlap: 'the next one waits for its end',
      catchup: 'with catchup %s deals with what nobody was there for',
    }),
    ...inFile(`${ENGINE}/engine-options.test.ts`, {
      name: 'a schedule has the name that it is given',
    }),
  },
  ...STORAGE_PROOFS,
  ...BACKUPS_PROOFS,
};
