import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createEngine,
  flow,
  runContext,
  task,
  type Engine,
  type FlowHandle,
  type RunId,
} from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { TestClock } from '@holdfast/core/testing';
import { runProgram } from '../run-program.ts';

const program = fileURLToPath(new URL('programs/ask.ts', import.meta.url));
const START = Date.UTC(2026, 0, 5, 2);
const HOUR = 3_600_000;

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-waiting-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

describe('a flow that asks, over processes', () => {
  it('survives SIGKILL while it waits, and goes on in another process with what a third one gave', async () => {
    const cwd = directory();
    const ask = (...args: string[]) => runProgram(program, [join(cwd, 'runs.db'), ...args], cwd);
    const started = await ask('start');
    expect(started).toMatchObject({ signal: 'SIGKILL', stderr: '' });
    const [prepared, id = ''] = started.stdout.trim().split('\n');
    expect(prepared).toBe('prepare');
    expect(await ask('recover')).toMatchObject({ code: 0, stdout: `${id} waits for answer\n` });
    expect(await ask('answer', id, 'yes')).toMatchObject({ code: 0, stderr: '' });
    const ended = await ask('recover');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ answer: 'yes' });
  }, 30_000);
});

const step = task(async (name: string) => name, { name: 'step' });
const waits = flow(
  async (how: 'sleeps' | 'asks') => {
    await step('before');
    const { sleep, pauseForInput } = runContext();
    const given = how === 'sleeps' ? await sleep('1h') : await pauseForInput('go');
    await step('after');
    return given ?? 'slept';
  },
  { name: 'waits' },
);

interface Process {
  readonly engine: Engine;
  readonly clock: TestClock;
}

/** Engines on one file, each with a store of its own: as good as processes. */
function processesOn(count: number): { readonly file: string; readonly processes: Process[] } {
  const file = join(directory(), 'runs.db');
  const processes = Array.from({ length: count }, () => {
    const clock = new TestClock(START);
    const engine = createEngine({ store: sqliteRunStore(file), flows: [waits], clock });
    onTestFinished(() => engine.stop());
    return { engine, clock };
  });
  return { file, processes };
}

/** Resolves when a run is paused and its lease is free. */
async function paused({ engine }: Process, id: RunId): Promise<void> {
  for (;;) {
    const { holder, run } = await engine.explain(id);
    if (run.state.type === 'PAUSED' && holder?.kind === 'nobody') return;
  }
}

/** How each ended: its value, its state, or the code of what kept it from being told. */
function ends(handles: readonly FlowHandle<unknown>[]): Promise<unknown[]> {
  return Promise.all(
    handles.map(async (handle) => {
      try {
        const outcome = await handle.outcome();
        return outcome.ok ? outcome.value : outcome.state;
      } catch (error) {
        return (error as { code: string }).code;
      }
    }),
  );
}

describe('engines on one SQLite file', () => {
  it('of which several wake one run at once: exactly one goes on with it', async () => {
    const { processes } = processesOn(3);
    const [one, two, three] = processes as [Process, Process, Process];
    const handle = await one.engine.start(waits, ['sleeps']);
    await paused(one, handle.id);
    for (const { clock } of [two, three]) clock.jump(START + HOUR);
    const waking = one.clock.advance(HOUR);
    const reports = await Promise.all([two.engine.recover(), three.engine.recover()]);
    await waking;
    const others = reports.flatMap(({ resumed }) => resumed);
    const ended = await ends([handle, ...others]);
    expect(ended.filter((end) => end === 'slept')).toHaveLength(1);
    expect(ended.filter((end) => end !== 'slept' && end !== 'LEASE_LOST')).toEqual([]);
    const tasks = await one.engine.below(handle.id);
    expect(tasks.map(({ attempts, generation }) => [attempts, generation])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  }, 20_000);

  it('of which one gives an input and another waits for it', async () => {
    const { processes } = processesOn(2);
    const [one, two] = processes as [Process, Process];
    const handle = await one.engine.start(waits, ['asks']);
    await paused(one, handle.id);
    await two.engine.provideInput(handle.id, 'go', new Map([['on', 1n]]));
    expect(await one.clock.runUntil(handle.result())).toEqual(new Map([['on', 1n]]));
  }, 20_000);

  it('of which one cancels what another has paused', async () => {
    const { processes } = processesOn(2);
    const [one, two] = processes as [Process, Process];
    const handle = await one.engine.start(waits, ['asks']);
    await paused(one, handle.id);
    await two.engine.cancel(handle.id, 'enough');
    expect(await (await two.engine.find(handle.id)).state()).toMatchObject({ type: 'CANCELLED' });
    expect(await one.clock.runUntil(handle.outcome())).toMatchObject({ state: 'CANCELLED' });
  }, 20_000);
});
