import { once } from 'node:events';
import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** A request on its way to the emulator. */
export interface PassingRequest {
  /** 'PUT', or with what it asks for: 'PUT block', 'PUT blocklist'. */
  readonly kind: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** What happens to a request on its way. */
export type Twist =
  /** It is answered with an error, and does not arrive. */
  | { readonly status: number; readonly code: string }
  /** It does not arrive: the connection is cut. */
  | 'cut'
  /** It arrives, and the connection is cut instead of an answer. */
  | 'lost-answer'
  /** Its answer has other headers. */
  | { readonly headers: Record<string, string> };

/** What stands between a store and the emulator, and does as a test's script says. */
export interface ScriptedProxy {
  readonly port: number;
  readonly seen: PassingRequest[];
  script: (request: PassingRequest) => Twist | undefined | Promise<Twist | undefined>;
}

async function forward(
  port: number,
  incoming: IncomingMessage,
  response: ServerResponse,
  twist: Twist | undefined,
): Promise<void> {
  const body = await buffer(incoming);
  const { method, url: path, headers } = incoming;
  const outgoing = ask({ host: '127.0.0.1', port, method, path, headers });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const told = await buffer(answer);
  if (twist === 'lost-answer') {
    response.destroy();
    return;
  }
  const changed = typeof twist === 'object' && 'headers' in twist ? twist.headers : {};
  response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...changed });
  response.end(told);
}

/** Stands before the emulator; closed with the test. */
export async function scriptedProxy(port: number): Promise<ScriptedProxy> {
  const server = createServer((incoming, response) => void answer(incoming, response));
  const proxy = {
    port: 0,
    seen: [] as PassingRequest[],
    script: (() => undefined) as ScriptedProxy['script'],
  };
  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://host');
    const asked = searchParams.get('comp');
    const kind = `${incoming.method}${asked === null ? '' : ` ${asked}`}`;
    const path = decodeURIComponent(pathname);
    const seen = { kind, path, query: searchParams, headers: incoming.headers };
    proxy.seen.push(seen);
    const twist = await proxy.script(seen);
    if (typeof twist === 'object' && 'status' in twist) {
      incoming.resume();
      response.writeHead(twist.status, { 'x-ms-error-code': twist.code }).end();
      return;
    }
    if (twist === 'cut') {
      response.destroy();
      return;
    }
    // One side has left: the other one meets a cut connection.
    await forward(port, incoming, response, twist).catch(() => response.destroy());
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.port = (server.address() as AddressInfo).port;
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return proxy;
}
