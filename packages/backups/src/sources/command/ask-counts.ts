import { HoldfastError } from '@holdfast/core';
import type { Counts } from '../streams/counts.ts';
import type { Workroom } from '../workroom.ts';
import { type CommandCall, prepareCall } from './call.ts';

/** The most that a program may print that counts, in bytes. */
const MOST_BYTES = 16 * 1024 * 1024;

function isCounts(value: unknown): value is Counts {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((count) => Number.isSafeInteger(count) && Number(count) >= 0)
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Runs a program that prints counts: one JSON object with whole numbers.
 *
 * @throws `COUNTS_INVALID` it printed something else
 * @throws `TOOL_FAILED` … it did not end well
 */
export async function askCounts(what: string, call: CommandCall, room: Workroom): Promise<Counts> {
  const { program, options } = await prepareCall(call, room);
  const child = await room.startChild(program, options);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of child.stdout ?? []) {
      bytes += (chunk as Buffer).length;
      if (bytes > MOST_BYTES) break;
      chunks.push(chunk as Buffer);
    }
    if (bytes <= MOST_BYTES) await child.done;
  } finally {
    await child.kill();
  }
  const counts = bytes > MOST_BYTES ? undefined : parse(Buffer.concat(chunks).toString('utf8'));
  if (isCounts(counts)) return counts;
  throw new HoldfastError('COUNTS_INVALID', `${program} did not print the counts of ${what}.`, {
    hint: 'It prints one JSON object whose values are whole numbers: {"orders": 12}.',
    retryable: false,
    context: { what, program },
  });
}
