/** A worker program that answers one call, and ends. */
import { workerData } from 'node:worker_threads';

const { port } = workerData;
port.on('message', ({ id }) => {
  port.postMessage({ id, value: 'the last word' });
  process.exit();
});
