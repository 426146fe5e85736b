/**
 * Takes runs and a task below each through their states on a store until it is killed: `transitions.ts <place> <first>
 * <told>`, where the place is a SQLite file or the URL of a PostgreSQL server. Appends to the last file which run reached
 * which version, once that was acknowledged, and each claim with its epoch.
 */
import { openSync, writeSync } from 'node:fs';
import type { Durability, FlowRun, Lease, State, Write } from '@holdfast/core';
import {
  advanced,
  COMPLETED,
  creation,
  RUNNING,
  sampleFlow,
  sampleTask,
  update,
} from '@holdfast/core/testing';
import { storeAt } from '../store-at.ts';

/** How many runs are under way at once. */
const LANES = 4;
/** From a run's number to that of the task below it. */
const TASK = 5000;
/** The version with which a run ends. */
const LAST = 12;

const [place = '', first = '0', file = ''] = process.argv.slice(2);
// No pipe: it may be full, and what is in a file outlives the process.
const told = openSync(file, 'a');
const store = storeAt(place);
await store.open();
writeSync(1, 'up\n');

function acknowledge(n: number, version: number): void {
  writeSync(told, `run ${n} ${version}\n`);
}

/** Also what is not an outcome is acknowledged after the write: what it must survive is a kill. */
function durabilityOf(run: FlowRun): Durability {
  return run.version === LAST ? 'machine' : 'process';
}

async function claim(n: number): Promise<Lease> {
  const [claimed] = await store.claim({
    queues: [`q${n}`],
    flows: ['nightly'],
    tasks: [],
    holder: `lane ${n}`,
    ttl: 60_000,
    now: Date.now(),
    limit: 1,
  });
  if (claimed === undefined) throw new Error(`run ${n} cannot be claimed`);
  writeSync(told, `claim ${n} ${claimed.lease.epoch}\n`);
  return claimed.lease;
}

function next(run: FlowRun): FlowRun {
  if (run.version === LAST - 1) return advanced(run, COMPLETED);
  const waits: State = {
    type: 'SCHEDULED',
    name: 'AwaitingRetry',
    dueAt: 1,
    nextAttempt: 2,
    error,
  };
  return advanced(run, run.version % 2 === 0 ? waits : RUNNING);
}

const error = { name: 'Error', message: 'a failure' };

async function put(write: Write, durability: Durability): Promise<void> {
  const [outcome] = await store.commit([write], durability);
  if (outcome?.ok !== true) throw new Error(`${JSON.stringify(write)}: ${JSON.stringify(outcome)}`);
}

/** One task: its start, then its outcome, with what the other lanes write between them. */
async function taskBelow(root: FlowRun, n: number, fence: Lease): Promise<void> {
  const started = sampleTask(n, root);
  await put(creation(started, { fence }), 'process');
  acknowledge(n, started.version);
  const ended = advanced(started, COMPLETED);
  await put(update(ended, { fence }), 'machine');
  acknowledge(n, ended.version);
}

/** One run: made, claimed, given back and claimed again, and brought to its end, with a task on the way. */
async function runThrough(n: number): Promise<void> {
  let run = sampleFlow(n, {
    state: { type: 'SCHEDULED', name: 'Scheduled', dueAt: 0 },
    queue: `q${n}`,
  });
  await store.commit([creation(run)], 'process');
  acknowledge(n, run.version);
  let fence = await claim(n);
  while (run.version < LAST) {
    run = next(run);
    await put(update(run, { fence }), durabilityOf(run));
    acknowledge(n, run.version);
    if (run.version === LAST / 2) {
      await taskBelow(run, n + TASK, fence);
      await store.releaseLeases([fence]);
      fence = await claim(n);
    }
  }
}

async function lane(from: number): Promise<void> {
  for (let n = from; ; n += LANES) await runThrough(n);
}

await Promise.all(Array.from({ length: LANES }, (_, n) => lane(Number(first) + n)));
