import { runContext, task } from '@holdfast/core';
import type { DeadManSwitch, Ping } from '../notify/dead-man.ts';
import { noticeContext } from './notify.ts';

/** What the ping task is told. */
export interface PingInput {
  /** Name of the {@link DeadManSwitch} among the engine's resources. */
  readonly to: string;
  readonly signal: Ping['signal'];
  /** What is shown beside it. Default: nothing. */
  readonly text?: string;
}

/**
 * Tells a dead-man switch that the present flow run starts, or how it has ended. Three retries, one minute an attempt. Its
 * failure says nothing of the backup: let no flow fail by it (await its `outcome()`).
 *
 * @throws `NOTIFY_FAILED`, `RESOURCE_UNKNOWN`
 */
export const pingDeadMan = task(
  async ({ to, signal, text = '' }: PingInput): Promise<void> => {
    const { rootRunId: runId, resource } = runContext();
    await resource<DeadManSwitch>(to).ping({ signal, runId, text }, noticeContext());
  },
  {
    name: 'pingDeadMan',
    runName: ({ to, signal }: PingInput) => `${signal} to ${to}`,
    description: 'Tells a dead-man switch that a run starts or has ended.',
    retries: { limit: 3, delay: '2s', backoff: 'exponential', jitter: true },
    timeout: '1m',
    tags: ['notify'],
  },
);
