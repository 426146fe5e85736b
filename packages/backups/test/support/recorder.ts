import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach } from 'vitest';

/** A request as it came in. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A web server for each test, which notes what it is asked, and answers as it is told. */
export interface Recorder {
  /** 'http://127.0.0.1:<port>' */
  readonly url: string;
  readonly received: readonly Received[];
  /** The first request's body, as JSON. */
  readonly json: unknown;
  /** Statuses of the next answers, then of all others. Default 200. */
  answer(...statuses: number[]): void;
  /** Nobody listens any more. */
  stop(): void;
}

export function httpRecorder(): Recorder {
  let received: Received[] = [];
  let statuses: number[] = [];
  let server = createServer();
  let url = '';
  beforeEach(async () => {
    received = [];
    statuses = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        received.push({ method, path, headers, text: Buffer.concat(chunks).toString('utf8') });
        const status = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200;
        response.writeHead(status, { location: '/elsewhere' }).end('OK');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  const stop = (): void => {
    server.closeAllConnections();
    server.close();
  };
  afterEach(stop);
  return {
    stop,
    get url() {
      return url;
    },
    get received() {
      return received;
    },
    get json() {
      return JSON.parse(received[0]?.text ?? 'null') as unknown;
    },
    answer: (...given) => void (statuses = given),
  };
}
