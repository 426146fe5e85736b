import type { Child } from '@holdfast/core/process';
import type { StartChild } from '../sources/child.ts';
import type { DumpCommand } from '../sources/command.ts';
import type { DumpStream } from '../sources/source.ts';
import { piecesOf } from './pieces.ts';

/** What a program of a dump is started with. */
export interface CommandPlace {
  readonly startChild: StartChild;
  readonly signal: AbortSignal;
}

/** Tells a program's owner that it went well. */
export async function tellEnd({ onEnd }: DumpCommand, child: Child): Promise<void> {
  await onEnd?.({ exit: await child.exited, stderr: child.stderrTail() });
}

async function* printedBy(
  command: DumpCommand,
  { startChild, signal }: CommandPlace,
): AsyncGenerator<Uint8Array, void, void> {
  const { program, onEnd: _, ...options } = command;
  const child = await startChild(program, { ...options, signal });
  try {
    if (child.stdout !== null) yield* piecesOf(child.stdout);
    await child.done;
  } finally {
    // Does nothing to one that has ended.
    await child.kill();
  }
  await tellEnd(command, child);
}

/**
 * The plain bytes of a stream, in whichever form it comes. The iteration ends only when whatever produces them
 * has ended well.
 */
export function dumpBytes(stream: DumpStream, place: CommandPlace): AsyncIterable<Uint8Array> {
  return stream.command === undefined ? stream.bytes : printedBy(stream.command, place);
}
