import { describe, expect, it } from 'vitest';
import { secret } from '@holdfast/core';
import { composeNotice, functionNotifier, problemOf, webhookNotifier } from '@holdfast/backups';
import { httpRecorder } from '../support/recorder.ts';

const notice = composeNotice({
  set: 'orders',
  what: 'no proven backup tonight',
  problem: { code: 'VERIFY_FAILED', message: 'table orders lost rows.', hint: 'Make a fresh one.' },
  runId: 'run-7',
  lastProvenAt: '2026-11-22T18:00:00.000Z',
  now: Date.parse('2026-11-23T20:00:00.000Z'),
});

const context = {
  signal: new AbortController().signal,
  secret: () => Promise.reject(new Error('no secret was expected')),
};

describe('a notice', () => {
  it('says the consequence first, then code, message, hint and run', () => {
    const [first, second, third, last] = notice.text.split('\n');
    expect(first).toBe(
      'orders: no proven backup tonight. Its last proven backup is 26.0 hours old (2026-11-22T18:00:00.000Z).',
    );
    expect(second).toBe('VERIFY_FAILED: table orders lost rows.');
    expect(third).toBe('What to do: Make a fresh one.');
    expect(last).toContain('run: run-7');
  });

  it('tells never from unknown', () => {
    const common = { set: 's', what: 'w', problem: null, runId: null, now: 0 };
    expect(composeNotice({ ...common, lastProvenAt: null }).text).toContain('was ever proven');
    expect(composeNotice({ ...common, lastProvenAt: undefined }).text).toContain(
      'not be found out',
    );
    const ahead = composeNotice({ ...common, lastProvenAt: '2036-01-01T00:00:00.000Z' });
    expect(ahead.text).toContain('a clock was wrong');
  });

  it('takes any error apart', () => {
    expect(problemOf(new TypeError('x'))).toEqual({ code: null, message: 'x', hint: null });
  });
});

describe('a webhook', () => {
  const server = httpRecorder();
  const hook = () => `${server.url}/hook/token-123`;

  it('posts the notice as JSON', async () => {
    await webhookNotifier({ url: hook() }).send(notice, context);
    expect(server.json).toMatchObject({
      subject: 'orders: no proven backup tonight',
      code: 'VERIFY_FAILED',
      content: notice.text,
    });
  });

  it('resolves a secret address, and shows it in no error', async () => {
    const resolved: string[] = [];
    const notifier = webhookNotifier({ url: secret('env:HOOK') });
    const send = () =>
      notifier.send(notice, {
        ...context,
        secret: ({ reference }) => {
          resolved.push(reference);
          return Promise.resolve(hook());
        },
      });
    await send();
    expect(resolved).toEqual(['env:HOOK']);
    server.stop();
    const error = (await send().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'NOTIFY_FAILED', retryable: true });
    expect(JSON.stringify([error.message, error.cause])).not.toContain('token-123');
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('tells answers that are worth another try from those that are not', async () => {
    for (const [answer, retryable] of [
      [500, true],
      [429, true],
      [404, false],
      [302, false],
    ] as const) {
      server.answer(answer);
      const sent = webhookNotifier({ url: hook() }).send(notice, context);
      await expect(sent).rejects.toMatchObject({ code: 'NOTIFY_FAILED', retryable });
    }
  });

  it('refuses an address that is none, without showing it', async () => {
    const sent = webhookNotifier({ url: 'ftp://secret-token' }).send(notice, context);
    const error = (await sent.catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'NOTIFY_FAILED', retryable: false });
    expect(error.message).not.toContain('secret-token');
  });
});

describe('a function', () => {
  it('is a notifier', async () => {
    const subjects: string[] = [];
    await functionNotifier(({ subject }) => void subjects.push(subject)).send(notice, context);
    expect(subjects).toEqual([notice.subject]);
  });
});
