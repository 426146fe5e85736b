import { flow, task } from '@holdfast/core';

export const dump = task(async (name: string) => name, { name: 'dump' });
export const nightly = flow(async (name: string) => dump(name), { name: 'nightly' });
export { nightly as again };
export const weekly = flow(async () => 'weekly', { name: 'weekly' });
export const limit = 5;
export function helper(): string {
  return 'helper';
}
