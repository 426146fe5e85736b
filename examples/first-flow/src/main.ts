import { createEngine, flow, runContext, task } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const fetchOrders = task(
  async (day: string) => {
    if (runContext().attempt === 1) throw new Error('connection reset');
    return [
      { day, euros: 40 },
      { day, euros: 2 },
    ];
  },
  { name: 'fetchOrders', retries: { limit: 3, delay: '100ms', backoff: 'exponential' } },
);

const addUp = task(
  async (orders: { euros: number }[]) => {
    if (process.argv.includes('--crash')) process.kill(process.pid, 'SIGKILL');
    return orders.reduce((sum, order) => sum + order.euros, 0);
  },
  { name: 'addUp', timeout: '10s' },
);

const daily = flow(async (day: string) => addUp(await fetchOrders(day)), { name: 'daily' });

const engine = createEngine({ store: sqliteRunStore('runs.db'), flows: [daily] });
engine.events.on('state', ({ run, state }) => console.log(`${run.name}: ${state.name}`));
engine.events.on('replayed', ({ run }) => console.log(`${run.name}: not executed again`));

const { resumed } = await engine.recover();
const handle = resumed[0] ?? (await engine.start(daily, ['2026-01-05']));
console.log('total:', await handle.result());
await engine.stop();
