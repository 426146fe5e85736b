import { describe, expect, it } from 'vitest';
import { allowFailure, createEngine, flow, memoryRunStore, runContext, task } from '@holdfast/core';
import {
  aborted,
  bench,
  expectNoUnhandledRejections,
  gate,
  statesBelow,
  turns,
} from './support.ts';

const { reasons } = expectNoUnhandledRejections();

const ok = task(async (n: number) => n, { name: 'ok' });
const bad = task(
  async (text: string): Promise<number> => {
    throw new Error(text);
  },
  { name: 'bad' },
);

describe('a flow ends only when everything it has started has', () => {
  it('waits for what it did not await', async () => {
    const g = gate();
    const slow = task(async () => g.opened, { name: 'slow' });
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => void slow.submit(), { name: 'f' }),
      [],
    );
    await turns();
    expect(await handle.state()).toMatchObject({ type: 'RUNNING' });
    g.open();
    await handle.result();
    expect(b.told.slice(-2)).toEqual(['slow COMPLETED/Completed', 'f COMPLETED/Completed']);
  });

  it('waits for what its tasks start, and for what is started while it waits', async () => {
    const g = gate();
    const chain = task(
      async (n: number): Promise<void> => {
        await g.opened;
        if (n > 0) void chain.submit(n - 1);
      },
      { name: 'chain' },
    );
    const b = bench();
    const f = flow(
      async () => {
        void chain.submit(2);
        void g.opened.then(() => ok(5));
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    g.open();
    await handle.result();
    const states = await statesBelow(b, handle.id);
    expect(states).toHaveLength(4);
    expect(states.every((each) => each.endsWith('COMPLETED/Completed'))).toBe(true);
  });

  it('cancels what is outstanding when it throws, waits for it, and reports what failed beside it', async () => {
    const g = gate();
    const ended: string[] = [];
    const obedient = task(
      async () => {
        await aborted(runContext().signal);
        await turns(5);
        ended.push((runContext().signal.reason as Error).message);
      },
      { name: 'obedient' },
    );
    const f = flow(
      async () => {
        void obedient.submit();
        void bad.submit('beside');
        await g.opened;
        throw new Error('the flow itself');
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    g.open();
    const error = await handle.result().catch((e: unknown) => e as AggregateError);
    expect(ended).toEqual(["'f', which had started it, failed."]);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toMatchObject([{ message: 'the flow itself' }, { message: 'beside' }]);
    expect(await statesBelow(b, handle.id)).toEqual([
      'obedient COMPLETED/Completed',
      'bad FAILED/Failed',
    ]);
  });

  it('lets nothing start once it has ended', async () => {
    let late: Promise<unknown> | undefined;
    const g = gate();
    let ctx: ReturnType<typeof runContext> | undefined;
    const f = flow(
      async () => {
        ctx = runContext();
        late = (async () => {
          await g.opened;
          return ok(1);
        })();
      },
      { name: 'f' },
    );
    const b = bench();
    await b.engine.run(f);
    g.open();
    await expect(late).rejects.toMatchObject({ code: 'RUN_ENDED' });
    expect(() => ctx?.now()).toThrow(expect.objectContaining({ code: 'RUN_ENDED' }));
    expect(await b.engine.runs({ kind: 'task' })).toEqual([]);
  });
});

/** How a flow ends that does this with the future of a failing task. */
async function flowThat(look: (future: ReturnType<typeof bad.submit>) => unknown): Promise<string> {
  const f = flow(
    async () => {
      await look(bad.submit('no'));
      return 'went on';
    },
    { name: 'f' },
  );
  const handle = await bench().engine.start(f, []);
  const outcome = await handle.outcome();
  if (outcome.ok) return `${outcome.value} over ${JSON.stringify((await handle.run()).state)}`;
  return (outcome.error as Error & { code?: string }).code ?? outcome.error.message;
}

describe('a failure', () => {
  it.each<[string, (future: ReturnType<typeof bad.submit>) => unknown]>([
    ['is caught', (f) => f.result().catch(() => undefined)],
    ['gets a handler', (f) => void f.then(undefined, () => undefined)],
    ['gets a handler further on', (f) => void f.then((n) => n).then(undefined, () => undefined)],
    [
      'is caught behind finally',
      (f) =>
        f
          .result()
          .finally(() => undefined)
          .catch(() => undefined),
    ],
    ['is read as an outcome', (f) => f.outcome()],
    ['goes through allowFailure', (f) => void allowFailure(f)],
    ['meets Promise.all', (f) => void Promise.all([f, ok.submit(1)]).catch(() => undefined)],
    ['meets Promise.allSettled', (f) => Promise.allSettled([f])],
    ['loses a race', (f) => Promise.race([f, turns(0)])],
  ])('that %s is looked at', async (_how, look) => {
    expect(await flowThat(look)).toMatch(/^went on over .*"failedTasks":1/);
  });

  it.each<[string, (future: ReturnType<typeof bad.submit>) => unknown]>([
    ['is ignored', () => undefined],
    ['only has its success handled', (f) => void f.then((n) => n)],
    ['only meets finally', (f) => void f.result().finally(() => undefined)],
    ['is asked for and dropped', (f) => void f.result()],
  ])('that %s fails the flow', async (_how, look) => {
    expect(await flowThat(look)).toBe('UNOBSERVED_FAILURE');
  });

  it('of a direct call that nobody awaits fails the flow, also when it could not start', async () => {
    const dropped = flow(async () => void bad('dropped'), { name: 'dropped' });
    const b = bench();
    await expect(b.engine.run(dropped)).rejects.toMatchObject({ code: 'UNOBSERVED_FAILURE' });
    class Socket {
      readonly open = true;
    }
    const take = task(async (socket: Socket) => typeof socket, { name: 'take' });
    const unstartable = flow(async () => void take(new Socket()), { name: 'unstartable' });
    await expect(b.engine.run(unstartable)).rejects.toMatchObject({
      code: 'UNOBSERVED_FAILURE',
      cause: { code: 'KEY_REQUIRED' },
    });
  });

  it('among futures that are iterated is thrown where it stands', async () => {
    const f = flow(
      async () => {
        const seen: number[] = [];
        // oxlint-disable-next-line typescript/await-thenable -- futures are thenables, which this loop awaits
        for await (const n of [ok.submit(1), bad.submit('second')]) seen.push(n);
        return seen;
      },
      { name: 'f' },
    );
    await expect(bench().engine.run(f)).rejects.toThrow('second');
  });

  it('of a task whose retry is over counts once, however often it is joined', async () => {
    const keyed = bad.with({ key: () => 'k' });
    const f = flow(
      async () => {
        await Promise.allSettled([keyed.submit('a'), keyed.submit('a')]);
      },
      { name: 'f' },
    );
    const handle = await bench().engine.start(f, []);
    await handle.result();
    expect(await handle.state()).toMatchObject({ failedTasks: 1 });
  });
});

describe('the host', () => {
  it('hears of no rejection of ours', async () => {
    const engine = createEngine({ store: memoryRunStore() });
    const f = flow(() => bad('ignored by the host'), { name: 'f' });
    void engine.run(f);
    const handle = await engine.start(f, []);
    void handle.result();
    void handle.outcome();
    void bad('called outside');
    void bad.submit('submitted outside');
    await turns(50);
    await engine.stop();
    void engine.run(f);
    void engine.start(f, []).catch(() => undefined);
    await turns(5);
  });

  it('hears of what its own callbacks throw', async () => {
    const f = flow(
      async () => {
        void ok.submit(1).then(() => {
          throw new Error("the host's own");
        });
      },
      { name: 'f' },
    );
    await bench().engine.run(f);
    await turns(3);
    expect(reasons.splice(0)).toMatchObject([{ message: "the host's own" }]);
  });
});
