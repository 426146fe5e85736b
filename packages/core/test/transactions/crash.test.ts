import { describe, expect, it } from 'vitest';
import { flow, runContext, task, transaction } from '@holdfast/core';
import { crashAtEveryStep, type CrashPoint } from '@holdfast/core/testing';
import { aborted } from '../engine/support.ts';
import { codeOf, Diary } from './support.ts';

/** How often each line stands in a diary. */
function counts(lines: readonly string[]): { [line: string]: number } {
  const found: { [line: string]: number } = {};
  for (const line of lines) found[line] = (found[line] ?? 0) + 1;
  return found;
}

describe('a transaction whose process dies at any step', () => {
  it('commits once it has resumed: each commit hook is called, no rollback hook', async () => {
    const d = new Diary();
    const f = flow(
      async () => {
        const value = await transaction(async () => {
          await d.step('a');
          return transaction(async () => d.step('b'), { name: 'inner' });
        });
        return [value, await d.step('after')];
      },
      { name: 'f' },
    );
    const crashes: CrashPoint[] = [];
    const report = await crashAtEveryStep(f, {
      prepare: () => d.clear(),
      check: (crash) => {
        crashes.push(crash);
        const seen = counts(d.lines);
        expect(seen['undo a'] ?? seen['undo b']).toBeUndefined();
        for (const line of ['do a', 'do b', 'commit a', 'commit b', 'do after']) {
          expect([1, 2], `${line} ${JSON.stringify(crash)}`).toContain(seen[line]);
        }
      },
    });
    expect(report.result).toEqual(['b', 'after']);
    expect(crashes.length).toBe(report.crashes);
  }, 60_000);

  it('is rolled back to its end, and throws the same error', async () => {
    const d = new Diary();
    const f = flow(
      async () => {
        try {
          return await transaction(async () => {
            await d.step('a');
            await transaction(async () => d.step('b'), { name: 'inner' });
            await d.step('c');
            return d.fail('no');
          });
        } catch (error) {
          return [codeOf(error), (error as Error).message, await d.step('after')];
        }
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => d.clear(),
      check: (crash) => {
        const seen = counts(d.lines);
        expect(d.lines.filter((line) => line.startsWith('commit'))).toEqual([]);
        for (const line of ['undo a', 'undo b', 'undo c']) {
          expect([1, 2], `${line} ${JSON.stringify(crash)} ${d.lines.join()}`).toContain(
            seen[line],
          );
        }
        const undone = d.lines.filter((line) => line.startsWith('undo'));
        expect(undone.filter((line, at) => line !== undone[at - 1])).toEqual([
          'undo c',
          'undo a',
          'undo b',
        ]);
      },
    });
    expect(report.result).toEqual(['E_NO', 'no', 'after']);
  }, 60_000);

  it('does again under its key what was rolled back', async () => {
    const d = new Diary();
    const f = flow(
      async () => {
        const tried = await transaction(async () => {
          await d.step('a');
          await d.fail('no');
        }).catch(codeOf);
        return [tried, await d.step('a'), await transaction(() => d.step('b'), { name: 'two' })];
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => d.clear(),
      check: () => {
        const at = d.lines.lastIndexOf('undo a');
        expect(d.lines.slice(at)).toContain('do a');
      },
    });
    expect(report.result).toEqual(['E_NO', 'a', 'b']);
  }, 60_000);

  it('reports rollback hooks that threw, whichever process called them', async () => {
    const d = new Diary();
    d.rollbackFails.add('b');
    const f = flow(
      async () => {
        try {
          return await transaction(async () => {
            await d.step('a');
            await d.step('b');
            throw new Error('no');
          });
        } catch (error) {
          const { cause } = error as { cause: AggregateError };
          return [codeOf(error), cause.errors.map((each: Error) => each.message)];
        }
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => d.clear(),
      check: () => expect(d.lines).toEqual(expect.arrayContaining(['undo b', 'undo a'])),
    });
    expect(report.result).toEqual(['ROLLBACK_FAILED', ['no', 'undo of b broke']]);
  }, 60_000);

  it('is rolled back where a commit hook threw, and run again by the retry of its flow', async () => {
    const d = new Diary();
    let broken = 1;
    const f = flow(
      async () =>
        transaction(async () => {
          const value = await d.step('a');
          if (broken-- > 0) d.commitFails.add('b');
          else d.commitFails.clear();
          return [value, await d.step('b')];
        }),
      { name: 'f', retries: 3 },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => {
        broken = 1;
        d.clear();
      },
    });
    expect(report.result).toEqual(['a', 'b']);
  }, 60_000);

  it('that took too long is rolled back to its end, and what was undone is done again', async () => {
    const d = new Diary();
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          await d.step('b');
          if (runContext().attempt === 1) await aborted(runContext().signal);
          return d.step('c');
        }),
      { name: 'f', timeout: '1m', retries: { limit: 1, delay: '1h' } },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => d.clear(),
      check: () => {
        const undone = d.of('undo').filter((line, at, all) => line !== all[at - 1]);
        expect(undone).toEqual(['undo b', 'undo a']);
        expect(d.lines.lastIndexOf('do a')).toBeGreaterThan(d.lines.lastIndexOf('undo a'));
        expect(d.of('commit').filter((line, at, all) => line !== all[at - 1])).toEqual([
          'commit a',
          'commit b',
          'commit c',
        ]);
      },
    });
    expect(report.result).toBe('c');
  }, 60_000);

  it('in all modes and places at once: what is committed stays, what is not is undone', async () => {
    const d = new Diary();
    d.rollbackFails.add('inner 2');
    const inner = flow(
      async (n: number) =>
        transaction(async () => [await d.step(`inner ${n}`), await d.step(`more ${n}`)]),
      { name: 'inner' },
    );
    const f = flow(
      async () => {
        const eager = transaction(
          async () => {
            await transaction(() => d.step('eager'), { name: 'kept', commit: 'eager' });
            await transaction(() => d.step('off'), { name: 'off', commit: 'off' });
            await inner(1);
            const failed = await transaction(
              async () => {
                await d.step.mapArgs([['x'], ['y']]);
                throw Object.assign(new Error('within'), { code: 'E_IN' });
              },
              { name: 'failed' },
            ).catch(codeOf);
            await inner(2);
            throw Object.assign(new Error(failed), { code: 'E_OUT' });
          },
          { name: 'outer' },
        ).catch(codeOf);
        const well = transaction(async () => inner(3), { name: 'beside' });
        return [await eager, await well];
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => d.clear(),
      check: (crash) => {
        const committed = new Set(d.of('commit'));
        const undone = new Set(d.of('undo'));
        const told = JSON.stringify(crash);
        expect([...committed].toSorted(), told).toEqual([
          'commit eager',
          'commit inner 3',
          'commit more 3',
        ]);
        expect([...undone].toSorted(), told).toEqual([
          'undo inner 1',
          'undo inner 2',
          'undo more 1',
          'undo more 2',
          'undo x',
          'undo y',
        ]);
      },
    });
    expect(report.result).toEqual(['ROLLBACK_FAILED', ['inner 3', 'more 3']]);
    expect(report.crashes).toBeGreaterThan(40);
  }, 120_000);

  it('tells the same of a map that stops at a failure in it', async () => {
    const undone = new Set<number>();
    const work = task(
      async (n: number) => {
        if (n === 2) throw new Error('two');
        if (n === 10) await aborted(runContext().signal);
        runContext().signal.throwIfAborted();
        return n;
      },
      { name: 'work', onRollback: (n) => void undone.add(n) },
    ).with({ concurrency: 2, stopOnFailure: true });
    const f = flow(
      async () => {
        let states: string[] = [];
        const tried = transaction(async () => {
          const outcomes = await work.map([0, 1, 10, 3, 2, 4, 5]).outcomes();
          states = outcomes.map(({ state }) => state);
          throw Object.assign(new Error('no'), { code: 'E_NO' });
        });
        return [await tried.catch(codeOf), ...states];
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => undone.clear(),
      check: () => expect(undone).toEqual(new Set([0, 1, 3])),
    });
    const told = ['COMPLETED', 'COMPLETED', 'CANCELLED', 'COMPLETED', 'FAILED'];
    expect(report.result).toEqual(['E_NO', ...told]);
  }, 60_000);
});
