import { describe, expect, it } from 'vitest';
import { flow, isHoldfastError, runContext, secret, task } from '@holdfast/core';
import type { GivenArtifact, RunContext } from '@holdfast/core';
import { crashAtEveryStep, faultyRunStore } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

const TABLE: GivenArtifact = {
  kind: 'table',
  columns: ['table', 'rows'],
  rows: [
    ['orders', 12],
    ['customers', null],
  ],
};

/** What a task gets that leaves something, by the code of its error. */
async function codeOf(act: (context: RunContext) => unknown): Promise<string> {
  const t = task(
    async () => {
      try {
        await act(runContext());
      } catch (error) {
        return isHoldfastError(error) ? error.code : String(error);
      }
      return 'kept';
    },
    { name: 't' },
  );
  return bench().engine.run(flow(() => t(), { name: 'f' }));
}

describe('artifacts', () => {
  it('are kept with their run, and replaced under their key', async () => {
    const report = task(
      async () => {
        const { artifact } = runContext();
        await artifact('sizes', TABLE, 'What was dumped.');
        void artifact('notes', { kind: 'markdown', markdown: '# first' });
        void artifact('store', { kind: 'link', href: 's3://vault/shop', text: 'the vault' });
        void artifact('notes', { kind: 'markdown', markdown: '# second' });
      },
      { name: 'report' },
    );
    const f = flow(
      async () => {
        await runContext().artifact('top', { kind: 'markdown', markdown: 'all' });
        await report();
      },
      { name: 'f' },
    );
    const b = bench();
    await b.engine.run(f);
    const [root] = await b.engine.runs({ topLevel: true });
    const [child] = await b.engine.below(root!.id);
    const kept = await b.engine.artifacts(root!.id);
    const about = { rootId: root!.id, generation: 1, at: b.clock.now() };
    expect(kept).toEqual([
      { ...about, runId: root!.id, key: 'top', body: { kind: 'markdown', markdown: 'all' } },
      { ...about, runId: child!.id, key: 'sizes', description: 'What was dumped.', body: TABLE },
      {
        ...about,
        runId: child!.id,
        key: 'notes',
        body: { kind: 'markdown', markdown: '# second' },
      },
      {
        ...about,
        runId: child!.id,
        key: 'store',
        body: { kind: 'link', href: 's3://vault/shop', text: 'the vault' },
      },
    ]);
    expect(await b.engine.artifacts(child!.id)).toEqual(kept.slice(1));
    const unknown = '01930000-0000-7000-8000-000000000000' as never;
    await expect(b.engine.artifacts(unknown)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });

  const link = (href: string): GivenArtifact => ({ kind: 'link', href });
  it.each<[string, unknown, unknown?, unknown?]>([
    ['no object', null],
    ['an unknown kind', { kind: 'picture', src: 'x' }],
    ['progress', { kind: 'progress', done: 1 }],
    ['a table without columns', { kind: 'table', columns: [], rows: [] }],
    ['a column that is no text', { kind: 'table', columns: [1], rows: [] }],
    ['rows that are none', { kind: 'table', columns: ['a'], rows: 'a' }],
    ['a row that is too short', { kind: 'table', columns: ['a', 'b'], rows: [['a']] }],
    ['a cell that is no JSON', { kind: 'table', columns: ['a'], rows: [[1n]] }],
    ['markdown that is no text', { kind: 'markdown', markdown: 5 }],
    ['a relative link', link('/backups/1')],
    ['a link that executes', link('javascript:alert(1)')],
    ['a link that executes, in disguise', link(' \u0001JaVaScRiPt:alert(1)')],
    ['a link with a password', link('https://ada:pw@example.org')],
    ['a text of a link that is none', { kind: 'link', href: 'https://example.org', text: 5 }],
    ['too large a body', { kind: 'markdown', markdown: 'ö'.repeat(140_000) }],
    ['an empty key', TABLE, ''],
    ['too long a key', TABLE, 'k'.repeat(201)],
    ['the key of the progress', TABLE, 'progress'],
    ['a key that no store keeps', TABLE, 'a\u0000'],
    ['too long a description', TABLE, 'k', 'd'.repeat(1001)],
    ['a description that is no text', TABLE, 'k', 5],
  ])('are refused with a code: %s', async (_what, body, key = 'k', description) => {
    const code = await codeOf(({ artifact }) =>
      artifact(key as string, body as GivenArtifact, description as string),
    );
    expect(code).toBe('RUN_ARTIFACT_INVALID');
  });

  it('are refused at once, also where nobody awaits them', async () => {
    expect(await codeOf(({ artifact }) => void artifact('', TABLE))).toBe('RUN_ARTIFACT_INVALID');
  });

  it('are at most 100 a run, each of which can be replaced', async () => {
    const put = async ({ artifact }: RunContext, keys: number): Promise<void> => {
      for (let n = 0; n < 100; n++) void artifact(`k${n}`, TABLE);
      await artifact(`k${keys}`, TABLE);
    };
    expect(await codeOf((context) => put(context, 99))).toBe('kept');
    expect(await codeOf((context) => put(context, 100))).toBe('RUN_ARTIFACT_INVALID');
  });

  it('hold no secret: texts are scrubbed, a key is refused', async () => {
    const secrets = { vault: async () => 'open sesame' };
    const codes: string[] = [];
    const f = flow(
      async () => {
        const { artifact, progress } = runContext();
        const value = await runContext().secret(secret('vault:x'));
        const body = { kind: 'table', columns: [value], rows: [[{ [value]: value }]] } as const;
        await artifact('k', body, `about ${value}`);
        progress({ done: 1, unit: value });
        try {
          await artifact(value, TABLE);
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      },
      { name: 'f' },
    );
    const b = bench({ secrets });
    await b.engine.run(f);
    const [root] = await b.engine.runs({});
    const kept = await b.engine.artifacts(root!.id);
    expect(JSON.stringify(kept)).not.toContain('sesame');
    expect(kept).toMatchObject([
      { body: { columns: ['[secret]'], rows: [[{ '[secret]': '[secret]' }]] } },
      { body: { kind: 'progress', unit: '[secret]' } },
    ]);
    expect(codes).toEqual(['RUN_ARTIFACT_INVALID']);
  });

  it('cannot be left after the attempt, nor by one who lost the run', async () => {
    let late: RunContext['artifact'] | undefined;
    await codeOf((context) => void (late = context.artifact));
    expect(() => late?.('k', TABLE)).toThrow(expect.objectContaining({ code: 'RUN_ENDED' }));
    const inner = durableStore();
    const store = faultyRunStore(inner, [{ call: 'commit', nth: 3, does: 'loses-lease' }]);
    const codes: string[] = [];
    const f = flow(
      async () => {
        try {
          await runContext().artifact('k', TABLE);
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      },
      { name: 'f' },
    );
    const b = bench({ store });
    await expect(b.engine.run(f)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(codes).toEqual(['LEASE_LOST']);
    const [root] = await inner.runs({});
    expect(await inner.artifacts(root!.id)).toEqual([]);
  });

  it('of the progress are refused where they are none', async () => {
    const wrong = [
      { done: Number.NaN, unit: 'files' },
      { done: -1, unit: 'files' },
      { done: 1, total: Number.POSITIVE_INFINITY, unit: 'files' },
      { done: 1 },
    ];
    for (const each of wrong) {
      expect(await codeOf(({ progress }) => progress(each as never))).toBe('RUN_ARTIFACT_INVALID');
    }
  });
});

it('artifacts and lines are there, whenever the process dies', async () => {
  const t = task(
    async (n: number) => {
      const { artifact, logger, progress } = runContext();
      logger.info(`task ${n}`);
      progress({ done: n, total: 2, unit: 'steps' });
      void artifact('said', { kind: 'markdown', markdown: `${n}` });
      return n;
    },
    { name: 't' },
  );
  const f = flow(
    async () => {
      runContext().logger.info('begins');
      return [await t(1), await t(2)];
    },
    { name: 'f' },
  );
  const report = await crashAtEveryStep(f);
  expect(report.result).toEqual([1, 2]);
  expect(report.crashes).toBeGreaterThan(8);
}, 60_000);
