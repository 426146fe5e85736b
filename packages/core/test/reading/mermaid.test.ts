import { describe, expect, it } from 'vitest';
import { allowFailure, flow, group, task } from '@holdfast/core';
import { bench } from '../engine/support.ts';
import { begun, ended, MINUTE, refused } from './support.ts';
import { readFlowchart } from './flowchart-syntax.ts';

const dump = task(
  async (db: string) => {
    if (db === 'orders') throw refused();
    return db;
  },
  { name: 'dump', runName: (db) => `dump ${db}`, retries: { limit: 1, delay: '90s' } },
);
const verify = task(async (...given: unknown[]) => given.length, { name: 'verify' });
const report = task(async (...given: unknown[]) => given.length, { name: 'report' });

function labels(text: string): string[] {
  return [...readFlowchart(text).nodes.values()].map(({ label }) => label);
}

describe('mermaid', () => {
  const nightly = flow(
    async () => {
      const shop = dump.submit('shop');
      const checked = verify.submit(dump.submit('orders'));
      return report.submit(allowFailure(checked), shop);
    },
    { name: 'nightly' },
  );

  it('draws what started what, and what took what as input', async () => {
    const one = bench();
    const id = await ended(one, nightly);
    const text = await one.engine.mermaid(id);
    const { nodes, edges, classes } = readFlowchart(text);
    expect([...nodes.values()].map(({ label, className }) => `${label} (${className})`)).toEqual([
      'nightly\nCompleted · 1m 30s (completed)',
      'dump shop\nCompleted · 0ms (completed)',
      'dump orders\nFailed · 2 attempts · 1m 30s (failed)',
      'verify\nUpstreamFailed (skipped)',
      'report\nCompleted · 0ms (completed)',
    ]);
    expect(edges).toEqual([
      'nightly -.-> dump shop',
      'nightly -.-> dump orders',
      'nightly -.-> verify',
      'dump orders --> verify',
      'nightly -.-> report',
      'verify --> report',
      'dump shop --> report',
    ]);
    expect(classes).toEqual(['completed', 'failed', 'skipped']);
  });

  it('draws a run that is under way, and one run below it with what is below that', async () => {
    const one = bench();
    const whole = flow(async () => nightly(), { name: 'whole' });
    const id = await begun(one, whole);
    await one.clock.advance(MINUTE);
    expect(labels(await one.engine.mermaid(id))).toEqual([
      'whole\nRunning · 1m',
      'nightly\nRunning · 1m',
      'dump shop\nCompleted · 0ms',
      'dump orders\nAwaitingRetry · 1m',
      'verify\nPending',
      'report\nPending',
    ]);
    const [sub] = (await one.engine.below(id)).filter(({ kind }) => kind === 'flow');
    expect(labels(await one.engine.mermaid(sub?.id as never))[0]).toBe('nightly\nRunning · 1m');
    await one.engine.stop();
  });

  it('frames what was called in a group', async () => {
    const f = flow(
      async () => {
        await group('all "dumps"', {}, async () => {
          await dump('shop');
          await group('big', { concurrency: 1 }, () => dump.map(['crm', 'wiki']));
          await group('big', {}, () => verify(1));
        });
        return report();
      },
      { name: 'nightly' },
    );
    const one = bench();
    const { frames, nodes } = readFlowchart(await one.engine.mermaid(await ended(one, f)));
    expect(frames).toEqual([
      'all "dumps" / big: dump crm, dump wiki, verify',
      'all "dumps": dump shop',
    ]);
    expect(nodes.size).toBe(6);
    const many = flow(
      () => group('many', {}, () => verify.map(Array.from({ length: 300 }, (_, n) => n))),
      { name: 'many' },
    );
    const large = readFlowchart(await one.engine.mermaid(await ended(one, many)));
    expect(large.frames).toEqual(['many: verify × 300: 300 completed']);
  });

  it('groups a thousand by name', async () => {
    const items = Array.from({ length: 1000 }, (_, n) => n);
    const many = task(
      async (n: number) => {
        if (n === 7 || n === 8) throw refused();
        return n;
      },
      { name: 'dump', runName: (n) => `dump ${n}` },
    );
    const check = task(async (n: number) => n, { name: 'verify' });
    const one = bench();
    const f = flow(async () => report.submit(allowFailure(check.map(many.map(items)))), {
      name: 'nightly',
    });
    const { nodes, edges } = readFlowchart(await one.engine.mermaid(await ended(one, f)));
    const dumps = 'dump × 1,000: 998 completed, 2 failed';
    const checks = 'verify × 1,000: 998 completed, 2 skipped';
    expect([...nodes.values()]).toEqual([
      { label: 'nightly\nCompleted · 0ms', className: 'completed' },
      { label: 'report\nCompleted · 0ms', className: 'completed' },
      { label: dumps, className: 'failed' },
      { label: checks, className: 'skipped' },
    ]);
    expect(edges).toEqual([
      'nightly -.-> report',
      `${checks} --> report`,
      `nightly -.-> ${dumps}`,
      `nightly -.-> ${checks}`,
      `${dumps} --> ${checks}`,
    ]);
  });

  it('stays small when there are many names, or many inputs', async () => {
    const one = bench();
    const names = flow(
      async () => {
        for (let n = 0; n < 300; n++) await report.with({ name: `task ${n}` })();
      },
      { name: 'names' },
    );
    const many = readFlowchart(await one.engine.mermaid(await ended(one, names)));
    expect(many.nodes.size).toBe(200);
    expect([...many.nodes.values()].at(-1)?.label).toBe('102 other names × 102: 102 completed');
    const inputs = flow(
      async () => {
        const all = Array.from({ length: 25 }, (_, n) => report.submit(n));
        await Promise.all(all.map((_, n) => verify.submit(n, all)));
      },
      { name: 'inputs' },
    );
    const dense = readFlowchart(await one.engine.mermaid(await ended(one, inputs)));
    expect(dense.nodes.size).toBe(3);
    expect(dense.edges).toHaveLength(3);
  });

  it.each([
    'a "quoted" [name] {with} (brackets)',
    'line one\nline two\r\n"]:::failed',
    '<script>alert(1)</script><br/>&amp;&lt;',
    'style x:#34; end',
    '`**markdown**` #quot; %% comment ; -->|x|',
    'click n0 href "javascript:alert(1)"',
    '\u0000\u001B[31m\u202Ered',
    'long '.repeat(100),
    'Sicherung täglich 数据库 🗄',
  ])('escapes %j', async (name) => {
    const one = bench();
    const odd = task(async () => 'x', { name: 'odd', runName: () => name });
    const f = flow(async () => odd(), { name: 'f' });
    const [, label = ''] = labels(await one.engine.mermaid(await ended(one, f)));
    const [title = ''] = label.split('\n');
    const plain = name.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
    expect(title).toBe(Array.from(plain).length > 80 ? `${plain.slice(0, 79)}…` : plain);
  });

  it('stays below what Mermaid accepts, whatever the names', async () => {
    const one = bench();
    const f = flow(
      async () => {
        for (let n = 0; n < 300; n++) await report.with({ name: `${n} ${'"'.repeat(200)}` })();
      },
      { name: 'f' },
    );
    const text = await one.engine.mermaid(await ended(one, f));
    expect(text.length).toBeLessThan(50_000);
    expect(readFlowchart(text).nodes.size).toBe(200);
  });
});
