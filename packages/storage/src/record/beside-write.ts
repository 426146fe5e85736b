import type {
  ArtifactWrite,
  CacheWrite,
  InputWrite,
  LogWrite,
  RunId,
  ScheduleWrite,
} from '@holdfast/core';
import { misshapen } from './fault.ts';
import { artifactShape, lineShape } from './note-row.ts';
import type { Shape } from './shape.ts';
import { cachedShape, inputShape, scheduleShape } from './shared-row.ts';

/** A write of something that is no run, but belongs to one, or to all. */
export type BesideWrite = LogWrite | ArtifactWrite | CacheWrite | InputWrite | ScheduleWrite;

/**
 * What is written must be readable: the shapes that reading asks for are asked for here too.
 *
 * @throws `STORE_WRITE_INVALID` (as a fault)
 */
export function refuseMisshapenBeside(write: BesideWrite): void {
  switch (write.kind) {
    case 'log':
      refuse(lineShape(write.entry), 'line', write.entry.runId);
      return;
    case 'artifact':
      refuse(artifactShape(write.artifact), 'artifact', write.artifact.runId);
      return;
    case 'cache':
      refuse(cachedShape(write.entry), 'cached result', write.entry.runId);
      return;
    case 'input':
      refuse(inputShape(write.input), 'input', write.input.runId);
      return;
    case 'schedule':
      refuseSchedule(write);
  }
}

function refuse(wrong: ReturnType<Shape>, what: string, runId: RunId): void {
  if (wrong !== undefined) throw misshapen(`run ${runId}`, `its ${what}${wrong}`, { runId });
}

function refuseSchedule({ schedule }: ScheduleWrite): void {
  const { name } = schedule;
  const wrong = scheduleShape(schedule);
  if (wrong !== undefined) throw misshapen(`schedule '${name}'`, `schedule${wrong}`, { name });
}
