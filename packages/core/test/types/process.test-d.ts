import type { Readable, Writable } from 'node:stream';
import { expectTypeOf, it } from 'vitest';
import { systemClock } from '@holdfast/core';
import {
  currentProcess,
  formatIdentity,
  identifyProcess,
  isAlive,
  killLeftover,
  parseIdentity,
  runChild,
  startChild,
  type Child,
  type ChildExit,
  type ChildOptions,
  type ChildText,
  type LeftoverChild,
  type LeftoverFate,
  type Liveness,
  type ProcessIdentity,
  type RunOptions,
  type StartedChild,
} from '@holdfast/core/process';

it('a child is started, and ends', async () => {
  const options: ChildOptions = { args: ['-l'], stdin: 'ignore', grace: 10 };
  const child = await startChild('ls', options);
  expectTypeOf(child).toEqualTypeOf<Child>();
  expectTypeOf(child.identity).toEqualTypeOf<StartedChild>();
  expectTypeOf(child.stdout).toEqualTypeOf<Readable | null>();
  expectTypeOf(child.stdin).toEqualTypeOf<Writable | null>();
  expectTypeOf(child.exited).toEqualTypeOf<Promise<ChildExit>>();
  expectTypeOf(child.done).toEqualTypeOf<Promise<void>>();
  const run: RunOptions = { input: 'x', maxOutput: 10 };
  expectTypeOf(runChild('cat', run)).toEqualTypeOf<Promise<ChildText>>();
  // @ts-expect-error -- arguments are a list, not a command line
  void startChild('ls', { args: '-l' });
  // @ts-expect-error -- its output is what is given
  void runChild('ls', { stdout: 'pipe' });
});

it('processes are told apart', () => {
  expectTypeOf(currentProcess()).toEqualTypeOf<ProcessIdentity>();
  expectTypeOf(identifyProcess(1)).toEqualTypeOf<ProcessIdentity | undefined>();
  expectTypeOf(isAlive(currentProcess())).toEqualTypeOf<Liveness>();
  expectTypeOf(parseIdentity(formatIdentity(currentProcess()))).toEqualTypeOf<
    ProcessIdentity | undefined
  >();
  const left: LeftoverChild = { bootId: '', pid: 1, startTime: '', command: 'ls' };
  expectTypeOf(killLeftover(left, systemClock)).toEqualTypeOf<Promise<LeftoverFate>>();
  // @ts-expect-error -- a pid alone may be another process by now
  isAlive({ pid: 1 });
});
