/**
 * The thread that owns the database: every wait for the disk or for another process happens here. It
 * imports nothing of `@holdfast/core` at run time, so that it loads alike from sources and from a build.
 */
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import type { Request } from './protocol.ts';
import { StoreServer } from './worker/store-server.ts';

/**
 * For how long the thread looks out for the next call before it sleeps, in milliseconds. Code that awaits one task
 * after the other asks again within this time, and waking a thread takes as long as some writes do.
 */
const LOOKOUT = 0.1;

const port = parentPort;
if (port === null) throw new Error('This file runs in a worker thread: see sqliteRunStore');

const server = new StoreServer((response) => port.postMessage(response));
let underWay = 0;

async function answer(request: Request): Promise<void> {
  underWay++;
  await server.handle(request);
  underWay--;
  if (request.call === 'close') port?.close();
  else if (request.call === 'commit' && underWay === 0) lookOut();
}

/** Takes the next call without sleeping, if it comes soon. */
function lookOut(): void {
  const until = performance.now() + LOOKOUT;
  while (performance.now() < until) {
    const next = port === null ? undefined : receiveMessageOnPort(port);
    if (next === undefined) continue;
    void answer(next.message as Request);
    return;
  }
}

port.on('message', (request: Request) => void answer(request));
