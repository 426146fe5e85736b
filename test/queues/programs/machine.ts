import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createEngine, flow, task } from '@holdfast/core';
import { postgresRunStore } from '@holdfast/storage/postgres';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

/** One machine of several: `machine.ts <place> flow | work`, where the place is a file or the URL of a database. */
const [place = '', act = ''] = process.argv.slice(2);

/** Says that it has begun, and ends once it may. */
const render = task(
  async (film: string) => {
    console.log(`renders ${film}`);
    while (!existsSync(join(process.cwd(), 'may-end'))) await setTimeout(50);
    return `${film} by ${process.pid}`;
  },
  { name: 'render', queue: 'gpu' },
);
const publish = flow(async (films: string[]) => render.map(films), { name: 'publish' });

const store = place.startsWith('postgres')
  ? postgresRunStore({ url: place })
  : sqliteRunStore(place);
const engine = createEngine({ store, flows: [publish], tasks: [render] });

if (act === 'flow') {
  const run = await engine.start(publish, [['a', 'b']]);
  console.log(run.id);
  console.log(JSON.stringify(await run.result()));
  await engine.stop();
} else {
  await engine.work({ queues: ['gpu'] });
  console.log('works');
}
