import { flow, runContext, task } from '@holdfast/core';

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

export const daily = flow(async (day: string) => addUp(await fetchOrders(day)), { name: 'daily' });
