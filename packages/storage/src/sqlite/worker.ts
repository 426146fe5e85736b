/**
 * The thread that owns the database: every wait for the disk or for another process happens here. It
 * imports nothing of `@holdfast/core` at run time, so that it loads alike from sources and from a build.
 */
import { parentPort } from 'node:worker_threads';
import type { Request } from './protocol.ts';
import { StoreServer } from './worker/store-server.ts';

const port = parentPort;
if (port === null) throw new Error('This file runs in a worker thread: see sqliteRunStore');

const server = new StoreServer((response) => port.postMessage(response));

async function answer(request: Request): Promise<void> {
  await server.handle(request);
  if (request.call === 'close') port?.close();
}

port.on('message', (request: Request) => void answer(request));
