import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultyLine } from '../../src/testing/faulty-line.ts';
import type { FaultyLine } from '../../src/testing/faulty-line.ts';

let service: Server;
let line: FaultyLine;

beforeEach(async () => {
  // An echo.
  service = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  line = await faultyLine({ host: '127.0.0.1', port });
});

afterEach(async () => {
  await line.close();
  service.close();
});

async function join(): Promise<Socket> {
  const socket = connect(line.port, line.host);
  await once(socket, 'connect');
  return socket;
}

/** All that comes until the connection ends, and how it ended. */
async function rest(socket: Socket): Promise<{ text: string; error: string | undefined }> {
  let text = '';
  let error: string | undefined;
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', (failure: NodeJS.ErrnoException) => (error = failure.code));
  await once(socket, 'close').catch(() => undefined);
  return { text, error };
}

describe('a faulty line', () => {
  it('lets everything pass and counts it', async () => {
    const socket = await join();
    socket.end('hello');
    expect(await rest(socket)).toEqual({ text: 'hello', error: undefined });
    expect(line.passed).toEqual({ up: 5, down: 5 });
  });

  it('lets few bytes pass at a time when it is slow, and all of them', async () => {
    line.slow(2);
    const sizes: number[] = [];
    service.on('connection', (served: Socket) =>
      served.on('data', ({ length }) => sizes.push(length)),
    );
    const socket = await join();
    const told = rest(socket);
    socket.end('hello, you');
    expect(await told).toEqual({ text: 'hello, you', error: undefined });
    expect(Math.max(...sizes)).toBeLessThan(10);
    expect(line.passed).toEqual({ up: 10, down: 10 });
  });

  it('is cut after so many bytes one way, and refuses until it is mended', async () => {
    line.cut({ down: 3 });
    const socket = await join();
    socket.write('hello');
    expect((await rest(socket)).text).toBe('hel');
    const refused = await join();
    refused.write('x');
    expect((await rest(refused)).text).toBe('');
    line.mend();
    const mended = await join();
    mended.end('again');
    expect((await rest(mended)).text).toBe('again');
  });

  it('cuts what goes up before it arrives', async () => {
    line.cut({ up: 2 });
    const socket = await join();
    socket.write('hello');
    await rest(socket);
    expect(line.passed.up).toBe(2);
  });

  it('cuts all connections at once, and resets them when told to', async () => {
    const socket = await join();
    socket.write('x');
    await once(socket, 'data');
    const ended = rest(socket);
    line.cut({ how: 'reset', up: 0 });
    socket.write('x');
    expect((await ended).error).toBe('ECONNRESET');
  });

  it('lets nothing pass while it is stalled', async () => {
    const socket = await join();
    socket.write('one');
    await once(socket, 'data');
    line.stall();
    socket.write('two');
    const late = await join();
    late.write('three');
    const before = { ...line.passed };
    const turn = once(socket, 'data');
    expect(await Promise.race([turn, new Promise((resolve) => setTimeout(resolve, 50))])).toBe(
      undefined,
    );
    expect(line.passed).toEqual(before);
    expect(line.connections).toBe(2);
    line.mend();
    expect(String((await turn)[0])).toBe('two');
    late.end();
    expect((await rest(late)).text).toBe('three');
    socket.destroy();
  });
});
