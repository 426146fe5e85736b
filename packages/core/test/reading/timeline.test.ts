import { describe, expect, it } from 'vitest';
import { flow, runContext, sleep, task, timelineGantt, timelineText } from '@holdfast/core';
import type { Clock, Engine, RunId } from '@holdfast/core';
import { bench, durableStore, turns, type Bench } from '../engine/support.ts';
import { begun, ended, forever, MINUTE, processOn, refused, START } from './support.ts';

/** A night in minutes: two dumps, one of which fails twice, a verification each, and a report that is never reached. */
function nightOn(clock: Clock) {
  const dump = task(
    async (db: string) => {
      await sleep(clock, 10 * MINUTE);
      if (db === 'orders' && runContext().attempt < 3) throw refused();
      return db;
    },
    { name: 'dump', runName: (db) => `dump ${db}`, retries: { limit: 2, delay: '5m' } },
  );
  const verify = task(
    async (file: string) => {
      await sleep(clock, 20 * MINUTE);
      if (file === 'orders') throw new Error('a page is torn');
      return file;
    },
    { name: 'verify', runName: (file) => `verify ${file}` },
  );
  const report = task(async (...given: unknown[]) => given.length, { name: 'report' });
  return flow(
    async () => {
      const checked = verify.map(dump.map(['shop', 'orders']));
      return report.submit(checked);
    },
    { name: 'nightly' },
  );
}

async function textOf(engine: Engine, id: RunId, width?: number): Promise<string[]> {
  const text = timelineText(await engine.timeline(id), width === undefined ? {} : { width });
  return text.trimEnd().split('\n');
}

/** Each run's spans in minutes since the beginning. */
async function spansOf({ engine }: Bench, id: RunId): Promise<string[]> {
  const { lanes } = await engine.timeline(id);
  return lanes.map(({ name, runName, spans }) => {
    const told = spans.map(({ phase, attempt, from, to, open }) => {
      const minutes = [from, to].map((at) => (at - START) / MINUTE).join('–');
      return `${phase} ${attempt} ${minutes}${open ? '…' : ''}`;
    });
    return `${runName ?? name}: ${told.join(', ')}`;
  });
}

describe('timeline', () => {
  it('tells when each run waited, ran and backed off', async () => {
    const one = bench();
    const id = await ended(one, nightOn(one.clock));
    expect(await spansOf(one, id)).toEqual([
      'nightly: running 1 0–60',
      'report: waiting 1 0–60',
      'dump shop: running 1 0–10',
      'dump orders: running 1 0–10, backing-off 2 10–15, running 2 15–25, backing-off 3 25–30, running 3 30–40',
      'verify shop: waiting 1 0–10, running 1 10–30',
      'verify orders: waiting 1 0–40, running 1 40–60',
    ]);
    expect(await one.engine.timeline(id)).toMatchObject({
      from: START,
      to: START + 60 * MINUTE,
      leftBehind: false,
    });
  });

  it('is drawn as text', async () => {
    const one = bench();
    const id = await ended(one, nightOn(one.clock));
    expect(await textOf(one.engine, id)).toEqual([
      '2026-01-05 02:00:00 UTC, 1h',
      'nightly         |█████████████████████████████████████████████████████████████████| Failed 1h',
      '  report        |░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░| UpstreamFailed',
      '  dump shop     |███████████                                                      | Completed 10m',
      '  dump orders   |███████████·····███████████·····███████████                      | Completed ×3 40m',
      '  verify shop   |░░░░░░░░░░███████████████████████                                | Completed 20m',
      '  verify orders |░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░██████████████████████| Failed 20m',
    ]);
  });

  it('is drawn as a Mermaid gantt chart', async () => {
    const one = bench();
    const id = await ended(one, nightOn(one.clock));
    const minutes = timelineGantt(await one.engine.timeline(id)).replaceAll(/\d{13}/g, (at) =>
      String((Number(at) - START) / MINUTE),
    );
    expect(minutes.trimEnd().split('\n')).toEqual([
      'gantt',
      '  title nightly',
      '  dateFormat x',
      '  axisFormat %H:%M:%S',
      '  section nightly (Failed)',
      '    attempt 1 :crit, 0, 60',
      '  section report (UpstreamFailed)',
      '    waiting :0, 60',
      '  section dump shop (Completed)',
      '    attempt 1 :done, 0, 10',
      '  section dump orders (Completed)',
      '    attempt 1 :crit, 0, 10',
      '    backing off before attempt 2 :10, 15',
      '    attempt 2 :crit, 15, 25',
      '    backing off before attempt 3 :25, 30',
      '    attempt 3 :done, 30, 40',
      '  section verify shop (Completed)',
      '    waiting :0, 10',
      '    attempt 1 :done, 10, 30',
      '  section verify orders (Failed)',
      '    waiting :0, 40',
      '    attempt 1 :crit, 40, 60',
    ]);
  });

  it('is drawn of one run below, and of a run that is under way', async () => {
    const one = bench();
    const id = await begun(one, nightOn(one.clock));
    await one.clock.advance(20 * MINUTE);
    expect(await textOf(one.engine, id, 60)).toEqual([
      '2026-01-05 02:00:00 UTC, 20m, not ended',
      'nightly       |████████████████████████████| Running 20m',
      '  report      |░░░░░░░░░░░░░░░░░░░░░░░░░░░░| Pending',
      '  dump shop   |██████████████              | Completed 10m',
      '  dump orders |██████████████·······███████| Retrying ×2 20m',
      '  verify shop |░░░░░░░░░░░░░░██████████████| Running 10m',
      '  verify      |░░░░░░░░░░░░░░░░░░░░░░░░░░░░| Pending',
    ]);
    const [, , orders] = await one.engine.below(id);
    expect(await textOf(one.engine, orders?.id as RunId, 60)).toEqual([
      '2026-01-05 02:00:00 UTC, 20m, not ended',
      'dump orders |███████████████·······████████| Retrying ×2 20m',
    ]);
    await one.clock.runUntil(one.engine.stop());
  });

  it('says that nobody goes on with it, and goes on with the same run after a recovery', async () => {
    const store = durableStore();
    let hangs = true;
    const copy = task(() => (hangs ? forever() : Promise.resolve()), { name: 'copy' });
    const f = flow(async () => copy(), { name: 'nightly' });
    const id = await begun(processOn(store, START), f);
    const two = processOn(store, START + 30 * MINUTE, { flows: [f] });
    expect(await textOf(two.engine, id, 60)).toEqual([
      '2026-01-05 02:00:00 UTC, 30m, not ended: nobody goes on with it',
      'nightly |??????????????????????????????????????| Running 30m',
      '  copy  |??????????????????????????????????????| Running 30m',
    ]);
    hangs = false;
    const { resumed } = await two.engine.recover();
    await resumed[0]?.result();
    expect(await spansOf(two, id)).toEqual([
      'nightly: running 1 0–30, running 1 30–30',
      'copy: running 1 0–30, running 1 30–30',
    ]);
  });

  it('shows what did not complete first where there are too many', async () => {
    const one = bench();
    const many = task(
      async (n: number) => {
        if (n === 700) throw refused();
        return n;
      },
      { name: 'dump', runName: (n) => `dump ${n}` },
    );
    const f = flow(async () => many.map(Array.from({ length: 1000 }, (_, n) => n)), { name: 'f' });
    const id = await ended(one, f);
    const timeline = await one.engine.timeline(id);
    expect(timeline.lanes).toHaveLength(1001);
    const text = timelineText(timeline, { lanes: 4 }).trimEnd().split('\n');
    expect(text.map((line) => line.split('|')[0]?.trim())).toEqual([
      '2026-01-05 02:00:00 UTC, 0ms',
      'f',
      'dump 0',
      'dump 1',
      'dump 700',
      '… and 997 more: 997 Completed',
    ]);
    expect(timelineText(timeline).split('\n')).toHaveLength(63);
    expect(timelineGantt(timeline, { lanes: 2 })).toContain(
      'title f (and 999 more#58; 999 Completed)',
    );
  });

  it('holds against a clock that was set back, and against names that are no names', async () => {
    const one = bench();
    const odd = task(
      async () => {
        one.clock.jump(START - MINUTE);
      },
      { name: 'odd', runName: () => 'a: b; c\u001B[31m\n"d"' },
    );
    const f = flow(async () => odd(), { name: 'f' });
    const id = await ended(one, f);
    expect(await spansOf(one, id)).toEqual([
      'f: running 1 0–0',
      'a: b; c\u001B[31m\n"d": running 1 0–0',
    ]);
    expect((await textOf(one.engine, id)).at(-1)).toMatch(
      /^ {2}a: b; c \[31m "d" \|█ *\| Completed/,
    );
    expect(timelineGantt(await one.engine.timeline(id))).toContain(
      '  section a#58; b#59; c #91;31m #34;d#34; (Completed)\n',
    );
    await turns();
  });
});
