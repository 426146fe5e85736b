import { collectFlows, flow } from '@holdfast/core';
// oxlint-disable-next-line import/no-cycle, import/no-self-import -- as in a circle of modules, it is not loaded yet
import * as itself from './too-early.ts';

export const collected = collectFlows(itself);
export const one = flow(async () => 1, { name: 'one' });
