/** A worker program that answers `open` and dies of every other call. */
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', ({ id, call }: { id: number; call: string }) => {
  if (call !== 'open') throw new Error('The worker broke');
  parentPort?.postMessage({ id, value: undefined });
});
