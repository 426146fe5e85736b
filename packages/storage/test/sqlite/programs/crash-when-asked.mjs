/** A worker program that answers `open` and dies of every other call. */
import { workerData } from 'node:worker_threads';

const { port } = workerData;
port.on('message', ({ id, call }) => {
  if (call !== 'open') throw new Error('The worker broke');
  port.postMessage({ id, value: undefined });
});
