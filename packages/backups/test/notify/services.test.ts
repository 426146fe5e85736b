import { describe, expect, it } from 'vitest';
import { secret } from '@holdfast/core';
import {
  composeNotice,
  discordNotifier,
  healthchecksPings,
  type Notice,
  type NoticeContext,
  ntfyNotifier,
  pagerDutyNotifier,
  slackNotifier,
  teamsNotifier,
} from '@holdfast/backups';
import { httpRecorder } from '../support/recorder.ts';

const server = httpRecorder();

const notice = composeNotice({
  set: 'orders',
  what: 'no proven backup tonight',
  problem: { code: 'VERIFY_FAILED', message: '<!channel> & co lost rows.', hint: null },
  runId: '019ab0c4-1111-7222-8333-444455556666',
  lastProvenAt: '2026-11-22T18:00:00.000Z',
  now: Date.parse('2026-11-23T20:00:00.000Z'),
});
const endless: Notice = { ...notice, subject: '😀'.repeat(2000), text: 'ä😀'.repeat(20_000) };

const VALUES: Record<string, string> = {};
const context: NoticeContext = {
  signal: new AbortController().signal,
  secret: ({ reference }) => Promise.resolve(VALUES[reference] ?? ''),
};

function hook(path = '/hook/token-123') {
  VALUES['env:HOOK'] = server.url + path;
  return secret('env:HOOK');
}

describe('Slack', () => {
  it('is sent a fallback text and blocks, with nothing in them that calls people', async () => {
    await slackNotifier({ url: hook() }).send(notice, context);
    const { path, headers } = server.received[0] ?? {};
    expect(path).toBe('/hook/token-123');
    expect(headers?.['content-type']).toBe('application/json');
    expect(server.json).toEqual({
      text: expect.stringContaining('&lt;!channel&gt; &amp; co') as unknown,
      blocks: [
        {
          type: 'header',
          text: { type: 'plain_text', text: `:red_circle: ${notice.subject}`, emoji: true },
        },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: expect.stringContaining('&lt;!channel&gt;') as unknown },
        },
      ],
    });
  });

  it('is sent no more than its blocks take', async () => {
    await slackNotifier({ url: hook() }).send({ ...endless, text: '<'.repeat(9000) }, context);
    const { blocks } = server.json as { blocks: { text: { text: string } }[] };
    expect(blocks[0]?.text.text.length).toBeLessThanOrEqual(150);
    expect(blocks[0]?.text.text.isWellFormed()).toBe(true);
    expect(blocks[1]?.text.text.length).toBeLessThanOrEqual(3000);
  });
});

describe('Discord', () => {
  it('is sent an embed that mentions nobody', async () => {
    await discordNotifier({ url: hook() }).send(notice, context);
    expect(server.json).toEqual({
      embeds: [
        {
          title: notice.subject,
          description: notice.text,
          color: 0xd0_21_2b,
          timestamp: '2026-11-23T20:00:00.000Z',
        },
      ],
      allowed_mentions: { parse: [] },
    });
  });

  it('is sent no more than an embed takes', async () => {
    await discordNotifier({ url: hook() }).send(endless, context);
    const { embeds } = server.json as { embeds: { title: string; description: string }[] };
    expect(embeds[0]?.title.length).toBeLessThanOrEqual(256);
    expect(embeds[0]?.description.length).toBeLessThanOrEqual(4096);
    expect(embeds[0]?.description.isWellFormed()).toBe(true);
  });
});

describe('Microsoft Teams', () => {
  it('is sent an adaptive card', async () => {
    await teamsNotifier({ url: hook() }).send(notice, context);
    expect(server.json).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            version: '1.4',
            body: [
              { type: 'TextBlock', text: notice.subject, color: 'Attention', wrap: true },
              { type: 'TextBlock', text: notice.text.replaceAll('\n', '\n\n'), wrap: true },
            ],
          },
        },
      ],
    });
  });

  it('is sent no more than 28 KB, however much has to be escaped', async () => {
    for (const text of [endless.text, '"'.repeat(60_000), '\n'.repeat(60_000)]) {
      await teamsNotifier({ url: hook() }).send({ ...endless, text }, context);
      expect(Buffer.byteLength(server.received.at(-1)?.text ?? '')).toBeLessThanOrEqual(28 * 1024);
    }
  });
});

describe('ntfy', () => {
  it('is sent a message to a topic, with a token, both of which may be secret', async () => {
    VALUES['env:TOPIC'] = 'alerts-x7';
    VALUES['env:TOKEN'] = 'tk_123';
    const options = { topic: secret('env:TOPIC'), token: secret('env:TOKEN') };
    await ntfyNotifier({ ...options, server: server.url }).send(notice, context);
    expect(server.received[0]).toMatchObject({
      path: '/',
      headers: { authorization: 'Bearer tk_123' },
    });
    expect(server.json).toEqual({
      topic: 'alerts-x7',
      title: notice.subject,
      message: notice.text,
      priority: 5,
      tags: ['rotating_light', 'orders'],
    });
  });

  it('is sent what it takes as a message', async () => {
    await ntfyNotifier({ topic: 't', server: server.url }).send(endless, context);
    const { message } = server.json as { message: string };
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
    expect(message).not.toContain('\uFFFD');
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });
});

describe('PagerDuty', () => {
  const pager = () => {
    VALUES['env:KEY'] = 'R0UT1NG';
    return pagerDutyNotifier({ routingKey: secret('env:KEY'), url: `${server.url}/v2/enqueue` });
  };

  it('is sent an event that triggers the alert of the set and topic', async () => {
    server.answer(202);
    await pager().send(notice, context);
    expect(server.json).toMatchObject({
      routing_key: 'R0UT1NG',
      event_action: 'trigger',
      dedup_key: 'holdfast/orders/backup',
      payload: {
        summary: notice.subject,
        source: notice.host,
        severity: 'critical',
        timestamp: '2026-11-23T20:00:00.000Z',
        component: 'orders',
        class: 'VERIFY_FAILED',
        custom_details: { run: notice.runId, last_proven_at: '2026-11-22T18:00:00.000Z' },
      },
    });
  });

  it('resolves the same alert when the matter is good again', async () => {
    await pager().send({ ...notice, kind: 'recovered', severity: 'info' }, context);
    expect(server.json).toEqual({
      routing_key: 'R0UT1NG',
      event_action: 'resolve',
      dedup_key: 'holdfast/orders/backup',
    });
  });

  it('is told no more than it reads of a summary', async () => {
    await pager().send(endless, context);
    const { payload } = server.json as { payload: { summary: string } };
    expect(payload.summary.length).toBeLessThanOrEqual(1024);
  });
});

describe('a service that does not take a message', () => {
  it.each([
    ['Slack', () => slackNotifier({ url: hook() })],
    ['Discord', () => discordNotifier({ url: hook() })],
    ['Microsoft Teams', () => teamsNotifier({ url: hook() })],
    ['ntfy', () => ntfyNotifier({ topic: 'token-123', server: server.url })],
    ['PagerDuty', () => pagerDutyNotifier({ routingKey: 'token-123', url: server.url })],
  ])('is named, and its secret is not: %s', async (who, make) => {
    server.answer(404);
    const error = (await make()
      .send(notice, context)
      .catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'NOTIFY_FAILED', retryable: false });
    expect(error.message).toBe(`${who} answered 404.`);
    server.stop();
    const unreachable = make().send(notice, context);
    await expect(unreachable).rejects.toMatchObject({
      retryable: true,
      message: expect.not.stringContaining('token-123') as unknown,
    });
  });
});

describe('a dead-man switch', () => {
  const runId = '019ab0c4-1111-7222-8333-444455556666';
  const ping = (signal: 'start' | 'success' | 'fail', path = '/uuid-of-the-check') =>
    healthchecksPings({ url: hook(path) }).ping({ signal, runId, text: 'why' }, context);

  it('is told of start, success and failure of one run, by its id', async () => {
    for (const signal of ['start', 'success', 'fail'] as const) await ping(signal);
    expect(server.received.map(({ method, path, text }) => [method, path, text])).toEqual([
      ['POST', `/uuid-of-the-check/start?rid=${runId}`, 'why'],
      ['POST', `/uuid-of-the-check?rid=${runId}`, 'why'],
      ['POST', `/uuid-of-the-check/fail?rid=${runId}`, 'why'],
    ]);
  });

  it('may be addressed by a slug, with what its address asks for', async () => {
    await ping('start', '/key/nightly/?create=1');
    expect(server.received[0]?.path).toBe(`/key/nightly/start?create=1&rid=${runId}`);
  });

  it('is given no run id that it would refuse', async () => {
    const sent = healthchecksPings({ url: hook() }).ping(
      { signal: 'start', runId: 'run-7', text: '' },
      context,
    );
    await expect(sent).rejects.toMatchObject({ code: 'NOTIFY_FAILED', retryable: false });
    expect(server.received).toEqual([]);
  });
});
