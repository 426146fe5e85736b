import { describe, expect, it } from 'vitest';
import { displayState, flow, task, transaction } from '@holdfast/core';
import { bench } from '../engine/support.ts';
import { readFlowchart } from './flowchart-syntax.ts';
import { againBy, ended, titles } from './support.ts';

const copy = task(async (name: string) => name, {
  name: 'copy',
  runName: (name) => `copy ${name}`,
});
const fail = task(
  async (): Promise<never> => {
    throw Object.assign(new Error('no'), { code: 'E_NO' });
  },
  { name: 'fail' },
);

const failing = flow(
  async () => {
    await copy('outside');
    await transaction(async () => {
      await copy('a');
      await copy('b');
      await fail();
    });
  },
  { name: 'failing' },
);

describe('what was rolled back', () => {
  it('is named by explain, in its sentence and as data, and would run again', async () => {
    const one = bench();
    const id = await ended(one, failing);
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'failing' failed after 0ms because 'fail' failed (E_NO: no); 'copy a' and 'copy b' were rolled back; " +
        "engine.retry() would execute 'copy a', 'copy b' and 'fail' and keep 1 run that completed.",
    );
    expect(titles(told.whatWasRolledBack)).toEqual(['copy a', 'copy b']);
    expect(againBy(told)).toEqual({
      by: 'retry',
      runs: ['failing', 'copy a', 'copy b', 'fail'],
      kept: 1,
    });
    const [, a] = await one.engine.below(id);
    const own = await one.engine.explain(a?.id as never);
    expect(own.sentence).toBe(
      "'copy a' completed after 0ms, and was rolled back; a retry would execute it again.",
    );
    expect(own.run).toMatchObject({
      displayState: 'RolledBack',
      state: { type: 'COMPLETED' },
      rolledBackAt: a?.rolledBackAt,
    });
    expect(displayState(a as never, 0)).toBe('RolledBack');
  });

  it('is drawn as that by mermaid, alone and among others of its name', async () => {
    const one = bench();
    const { nodes, classes } = readFlowchart(await one.engine.mermaid(await ended(one, failing)));
    expect([...nodes.values()].map(({ label, className }) => `${label} (${className})`)).toEqual([
      'failing\nFailed · 0ms (failed)',
      'copy outside\nCompleted · 0ms (completed)',
      'copy a\nRolledBack · 0ms (rolledback)',
      'copy b\nRolledBack · 0ms (rolledback)',
      'fail\nFailed · 0ms (failed)',
    ]);
    expect(classes).toEqual(['completed', 'failed', 'rolledback']);
    const many = flow(
      async () => {
        await copy.map(Array.from({ length: 150 }, (_, n) => `outside ${n}`));
        await transaction(async () => {
          await copy.map(Array.from({ length: 150 }, (_, n) => `inside ${n}`));
          await fail();
        }).catch(() => undefined);
      },
      { name: 'many' },
    );
    const grouped = readFlowchart(await one.engine.mermaid(await ended(one, many)));
    expect([...grouped.nodes.values()].map(({ label }) => label)).toContain(
      'copy × 300: 300 completed, 150 of them rolled back',
    );
  });
});
