/** A worker program that answers `open` and dies of every other call. */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

const { port } = workerData as { port: MessagePort };
port.on('message', ({ id, call }: { id: number; call: string }) => {
  if (call !== 'open') throw new Error('The worker broke');
  port.postMessage({ id, value: undefined });
});
