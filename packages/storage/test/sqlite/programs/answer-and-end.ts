/** A worker program that answers one call, and ends. */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

const { port } = workerData as { port: MessagePort };
port.on('message', ({ id }: { id: number }) => {
  port.postMessage({ id, value: 'the last word' });
  process.exit();
});
