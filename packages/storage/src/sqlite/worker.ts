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

const { port, watch: memory } = workerData as WorkerData;
const watch = new Watch(memory);
/** The call that was given in shared memory. */
let given: number | undefined;
/** The last call that came, while it is the only one. */
let alone: Request | undefined;
let underWay = 0;

const server = new StoreServer((response) => {
  // Before the host is answered: its next call may come while this thread is still on its way to look out for it.
  if (alone?.id === response.id && alone.call === 'commit') watch.look();
  if (response.id === given) {
    given = undefined;
    // That it was carried out is all that the host awaits there.
    if ('value' in response && response.value === undefined && watch.tellDone()) return;
  }
  port.postMessage(response);
  watch.tellAnswered();
});

async function answer(request: Request): Promise<void> {
  underWay++;
  alone = underWay === 1 ? request : undefined;
  const { asked } = watch;
  await server.handle(request);
  underWay--;
  if (request.call === 'close') port.close();
  else if (alone === request && request.call === 'commit') lookOut(asked);
}

/** Takes the next call without sleeping, if it comes soon. */
function lookOut(asked: number): void {
  const call = watch.lookOut(asked, LOOKOUT);
  if (call !== undefined) {
    const request = JSON.parse(call) as Request;
    given = request.id;
    void answer(request);
    return;
  }
  const next = receiveMessageOnPort(port);
  if (next !== undefined) void answer(next.message as Request);
}

port.on('message', (request: Request) => void answer(request));
