import { describe, expect, it, vi } from 'vitest';
import { flow, runContext, secret, task } from '@holdfast/core';
import { secretCanary } from '@holdfast/core/testing';
import { bench, expectNoUnhandledRejections, type Bench } from './support.ts';

expectNoUnhandledRejections();

/** Everything the store holds. */
async function dumpOf({ store, engine }: Bench): Promise<unknown> {
  const runs = await engine.runs({ limit: 1000 });
  return {
    runs,
    history: await Promise.all(runs.map(({ id }) => engine.history(id))),
    lines: await Promise.all(runs.map(({ id }) => engine.logs(id))),
    artifacts: await Promise.all(runs.map(({ id }) => engine.artifacts(id))),
    recorded: await Promise.all(runs.map(({ rootId }) => store.recorded(rootId))),
    hooks: await store.pendingHooks(),
  };
}

describe('the value of a secret', () => {
  it('is in no record, event, log line or error, whatever user code does with it', async () => {
    const canary = secretCanary();
    vi.stubEnv('CANARY', canary.value);
    const [events, lines]: [unknown[], unknown[]] = [[], []];
    const line = (...parts: unknown[]): void => {
      lines.push(parts);
    };
    const logger = { debug: line, info: line, warn: line, error: line };
    const b = bench({ logger });
    for (const event of ['state', 'replayed', 'hook-failed', 'warning'] as const) {
      b.engine.events.on(event, (...told) => events.push(told));
    }
    const read = (): Promise<string> => runContext().secret(secret('env:CANARY'));
    const leak = (): Error => {
      const cause = Object.assign(new Error(`cause ${canary.value}`), { detail: canary.value });
      return Object.assign(new Error(`failed with ${canary.value}`, { cause }), { code: 'E_LEAK' });
    };
    const returns = task(async () => ({ password: await read() }), { name: 'returns' });
    const throws = task(
      async () => {
        await read();
        const { logger: log, artifact } = runContext();
        log.info({ password: canary.value, err: leak() }, `log ${canary.value}`);
        log.child({ [canary.value]: [canary.value] }).warn(leak());
        void artifact('leak', { kind: 'markdown', markdown: canary.value }, canary.value);
        throw leak();
      },
      {
        name: 'throws',
        retries: 1,
        onFailure: () => {
          throw leak();
        },
      },
    );
    const takes = task(async (text: unknown) => typeof text, {
      name: 'takes',
      runName: (text) => `run ${String(text)}`,
    });
    const keyed = takes.with({ key: (text) => String(text) });
    const sub = flow(async (text: string) => text.length, { name: 'sub' });
    const f = flow(
      async () => {
        const returned = await returns.submit().outcome();
        const future = throws.submit();
        const cancelled = takes.submit('x');
        cancelled.cancel(`because of ${canary.value}`);
        const value = canary.value;
        const outcomes = [
          returned,
          await future.outcome(),
          await takes.submit(future).outcome(),
          await takes.submit(value).outcome(),
          await cancelled.outcome(),
        ];
        const direct = await Promise.allSettled([sub(value), (async () => keyed(value))()]);
        const codes = [
          ...outcomes.map((o) => (o.ok ? o.state : (o.error as { code?: string }).code)),
          ...direct.map((d) => d.status === 'rejected' && (d.reason as { code?: string }).code),
        ];
        return { codes, errors: outcomes.flatMap((o) => (o.ok ? [] : [o.error])) };
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    const { codes, errors } = await handle.result();
    expect(codes).toEqual([
      'SECRET_IN_VALUE',
      'E_LEAK',
      'UPSTREAM_FAILED',
      'COMPLETED',
      'CANCELLED',
      'SECRET_IN_VALUE',
      'KEY_INVALID',
    ]);
    expect(lines.length).toBeGreaterThan(1);
    await canary.expectAbsent({ store: await dumpOf(b), events, lines, errors });
  });

  it('is in no error that the flow rejects with, which keeps its class', async () => {
    class PgError extends Error {
      sqlState = '28P01';
    }
    const canary = secretCanary();
    vi.stubEnv('CANARY', canary.value);
    const b = bench();
    const f = flow(
      async () => {
        const password = await runContext().secret(secret('env:CANARY'));
        throw new PgError(`no login with ${password}`);
      },
      { name: 'f' },
    );
    const error: unknown = await b.engine.run(f).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PgError);
    expect(error).toMatchObject({ sqlState: '28P01', message: 'no login with [secret]' });
    await canary.expectAbsent({ error, store: await dumpOf(b) });
  });
});
