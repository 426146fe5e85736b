/**
 * The thread that owns the database: every wait for the disk or for another process happens here. It
 * imports nothing of `@holdfast/core` at run time, so that it loads alike from sources and from a build.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Request, WorkerData } from './protocol.ts';
import { Watch } from './watch.ts';
import { StoreServer } from './worker/store-server.ts';

/**
 * For how long the thread looks out for the next call before it sleeps, in milliseconds. Code that awaits one task
 * after the other asks again within this time, and waking a thread takes as long as some writes do.
 */
const LOOKOUT = 0.2;

const { port, watch: numbers } = workerData as WorkerData;
const watch = new Watch(numbers);

const server = new StoreServer((response) => {
  port.postMessage(response);
  watch.tellAnswered();
});
let underWay = 0;

async function answer(request: Request): Promise<void> {
  underWay++;
  await server.handle(request);
  underWay--;
  if (request.call === 'close') port.close();
  else if (request.call === 'commit' && underWay === 0) lookOut();
}

/** Takes the next call without sleeping, if it comes soon. */
function lookOut(): void {
  const { asked } = watch;
  // One that came before it looked is in the queue of the port already.
  let next = receiveMessageOnPort(port);
  if (next === undefined) {
    watch.lookOut(asked, LOOKOUT);
    next = receiveMessageOnPort(port);
  }
  if (next !== undefined) void answer(next.message as Request);
}

port.on('message', (request: Request) => void answer(request));
