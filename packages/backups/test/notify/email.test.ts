import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { secret } from '@holdfast/core';
import { composeNotice, emailNotifier, type NoticeContext } from '@holdfast/backups';
import { makeCertificate } from '../support/certificate.ts';
import { testRooms } from '../support/rooms.ts';

const notice = composeNotice({
  set: 'orders',
  what: 'no proven backup tonight, größer als null',
  problem: { code: 'VERIFY_FAILED', message: 'table orders lost rows.', hint: null },
  runId: 'run-7',
  lastProvenAt: null,
  now: Date.parse('2026-11-23T20:00:00.000Z'),
});

const context: NoticeContext = {
  signal: new AbortController().signal,
  secret: () => Promise.resolve('pass # "word"'),
};

const rooms = testRooms();
const servers: SMTPServer[] = [];
let mails: {
  readonly from: string;
  readonly to: string[];
  readonly text: string;
  readonly secure: boolean;
}[] = [];

afterEach(async () => {
  mails = [];
  await Promise.all(
    servers.splice(0).map((server) => new Promise<void>((done) => server.close(done))),
  );
});

/** A real SMTP server on the loopback interface. */
async function smtp(options: SMTPServerOptions = {}): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    // Connections that a test has given up are cut at its end.
    closeTimeout: 100,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) => {
      const isRight = username === 'backup' && password === 'pass # "word"';
      done(isRight ? null : new Error('no such user'), { user: username });
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  servers.push(server);
  const { server: socket } = server;
  server.listen(0, '127.0.0.1');
  await once(socket, 'listening');
  return (socket.address() as AddressInfo).port;
}

const common = { host: '127.0.0.1', tls: 'none', from: 'holdfast@shop.example' } as const;
const to = ['ops@shop.example', 'owner@shop.example'];

describe('e-mail', () => {
  it('reaches every recipient, with subject, text, and the wish for no automatic reply', async () => {
    const port = await smtp();
    await emailNotifier({ ...common, port, to }).send(notice, context);
    expect(mails).toMatchObject([{ from: 'holdfast@shop.example', to }]);
    const text = mails[0]?.text ?? '';
    expect(text).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(text).toMatch(/^X-Priority: 1/m);
    expect(text).toContain('table orders lost rows.');
  });

  it('logs in, with a password that may be a secret', async () => {
    const port = await smtp({ authOptional: false });
    const login = { user: 'backup', password: secret('env:SMTP_PASSWORD') };
    await emailNotifier({ ...common, port, to, ...login }).send(notice, context);
    expect(mails).toHaveLength(1);
    const wrong = emailNotifier({ ...common, port, to, ...login, password: 'wrong-one' });
    const error = (await wrong.send(notice, context).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'NOTIFY_FAILED', retryable: false });
    expect(error.message).toBe('E-mail was not sent: EAUTH (answer 535).');
    expect(error.message).not.toContain('wrong-one');
  });

  it('is not sent in the clear unless that is asked for', async () => {
    const port = await smtp();
    const { tls: _, ...encrypted } = common;
    const sent = emailNotifier({ ...encrypted, port, to }).send(notice, context);
    await expect(sent).rejects.toMatchObject({ code: 'NOTIFY_FAILED' });
    expect(mails).toEqual([]);
  });

  it('is sent encrypted to a server whose certificate is trusted, and to no other', async (test) => {
    const certificate = makeCertificate(rooms.root);
    if (certificate === undefined) return test.skip();
    const starttls = await smtp({ ...certificate, disabledCommands: [] });
    const implicit = await smtp({ ...certificate, secure: true });
    const ca = certificate.cert;
    for (const [tls, port] of [
      ['starttls', starttls],
      ['implicit', implicit],
    ] as const) {
      mails = [];
      const sent = emailNotifier({ ...common, tls, port, to }).send(notice, context);
      await expect(sent).rejects.toMatchObject({ code: 'NOTIFY_FAILED' });
      expect(mails).toEqual([]);
      await emailNotifier({ ...common, tls, port, to, ca }).send(notice, context);
      expect(mails).toMatchObject([{ to, secure: true }]);
    }
  });

  it('tells what is worth another try from what is not', async () => {
    const answers = new Map([
      ['busy@shop.example', 451],
      ['nobody@shop.example', 550],
    ]);
    const port = await smtp({
      onRcptTo: ({ address }, _session, done) => {
        const responseCode = answers.get(address);
        if (responseCode === undefined) done();
        else done(Object.assign(new Error('no'), { responseCode }));
      },
    });
    const send = (...addresses: string[]) =>
      emailNotifier({ ...common, port, to: addresses }).send(notice, context);
    await expect(send('busy@shop.example')).rejects.toMatchObject({ retryable: true });
    await expect(send('nobody@shop.example')).rejects.toMatchObject({ retryable: false });
    expect(mails).toEqual([]);
    await expect(send('ops@shop.example', 'busy@shop.example')).rejects.toMatchObject({
      code: 'NOTIFY_FAILED',
      message: 'The server refused 1 of the recipients.',
      retryable: false,
    });
    expect(mails).toHaveLength(1);
  });

  it('is given up when it is told to', async () => {
    const controller = new AbortController();
    const reached = Promise.withResolvers<void>();
    const port = await smtp({ onMailFrom: () => reached.resolve() });
    const sent = emailNotifier({ ...common, port, to }).send(notice, {
      ...context,
      signal: controller.signal,
    });
    await reached.promise;
    controller.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
  });

  it('is not sent where nobody listens', async () => {
    const port = await smtp();
    await new Promise<void>((done) => servers.pop()?.close(done));
    const sent = emailNotifier({ ...common, port, to }).send(notice, context);
    await expect(sent).rejects.toMatchObject({ code: 'NOTIFY_FAILED', retryable: true });
  });
});
