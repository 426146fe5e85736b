import type { Child, ChildOptions } from '../process/child-options.ts';
import type { Scope } from './scope.ts';

/**
 * Starts a child process for the code of an attempt: it is ended with the attempt, found again after a crash, and what
 * it prints is scrubbed. While it runs, the run is not paused.
 */
export async function startChildIn(
  scope: Scope,
  command: string,
  options: ChildOptions,
): Promise<Child> {
  // Few runs start a child: what that takes is loaded by the first.
  const { startChild } = await import('../process/child.ts');
  const { execution, run, cancellation } = scope;
  const { engine, rootId } = execution;
  let ended = (): void => undefined;
  const note = (kind: 'child-started' | 'child-ended', child: Child['identity']): void => {
    const { bootId, pid, startTime, command: name } = child;
    const record = { runId: run.id, rootId, bootId, pid, startTime, command: name };
    engine.writer.write({ kind, child: record }, 'process').catch((error: unknown) => {
      engine.logger.warn(
        { pid, err: error },
        'a child process could not be noted in the run store',
      );
    });
  };
  return startChild(command, {
    scrub: engine.scrubber.scrub,
    clock: execution.clock,
    ...options,
    signal:
      options.signal === undefined
        ? cancellation.signal
        : AbortSignal.any([options.signal, cancellation.signal]),
    onStarted: (child) => {
      note('child-started', child);
      ended = scope.pauses.processStarted();
      options.onStarted?.(child);
    },
    onEnded: (child) => {
      note('child-ended', child);
      ended();
      options.onEnded?.(child);
    },
  });
}
