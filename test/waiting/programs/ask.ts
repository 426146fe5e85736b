import { createEngine, flow, runContext, task, type RunId } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

/** One process in the life of a flow that asks: `ask.ts <file> start | answer <id> <value> | recover`. */
const [file = '', act = '', id = '', value = ''] = process.argv.slice(2);

const prepare = task(
  async () => {
    console.log('prepare');
    return process.pid;
  },
  { name: 'prepare' },
);
const asks = flow(
  async () => {
    const preparedBy = await prepare();
    const answer = await runContext().pauseForInput('answer');
    return { answer, preparedBy };
  },
  { name: 'asks' },
);

const store = sqliteRunStore(file);
const engine = createEngine({ store, flows: act === 'answer' ? [] : [asks] });

if (act === 'start') {
  const run = await engine.start(asks, []);
  let lease;
  do {
    lease = (await store.openRuns())[0]?.lease;
  } while (lease?.holder !== '');
  console.log(run.id);
  // Its process dies while nobody holds it.
  process.kill(process.pid, 'SIGKILL');
} else if (act === 'answer') {
  await engine.provideInput(id as RunId, 'answer', value);
  await engine.stop();
} else {
  const { resumed, waiting } = await engine.recover();
  for (const { runId, input } of waiting) console.log(`${runId} waits for ${input}`);
  for (const handle of resumed) console.log(JSON.stringify(await handle.result()));
  await engine.stop();
}
