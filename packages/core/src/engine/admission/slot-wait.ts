import type { Performance } from '../performance.ts';
import type { Claim } from './claim.ts';

/** Shows a run that has not begun its attempt as waiting for limits. */
export function showWait(run: Performance, limits: readonly string[]): true {
  const { execution, handle, dependsOn } = run;
  const event = { type: 'schedule', name: 'AwaitingSlot', dueAt: execution.clock.now() } as const;
  handle.stage({ ...event, limits }, dependsOn === undefined ? {} : { dependsOn });
  // A failure to write it halts the execution, and is met again by the next write.
  handle.commit().catch(() => undefined);
  return true;
}

/** Waits for a claim of a run; false when it was given up. A store that cannot say halts the execution. */
export async function grantedTo({ execution }: Performance, claim: Claim): Promise<boolean> {
  try {
    return await claim.granted;
  } catch (error) {
    throw execution.halt(error as Error);
  }
}
