import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Workroom } from '../workroom.ts';

/**
 * Reads an RDB file by `redis-check-rdb`, which decodes every value and compares the checksum at the end.
 *
 * @throws `DUMP_CORRUPT_SOURCE` it is cut or damaged
 */
export async function checkRdb(path: string, what: string, room: Workroom): Promise<void> {
  const child = await room.startChild('redis-check-rdb', { args: [path], signal: room.signal });
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
    await child.done;
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'TOOL_FAILED') throw error;
    const said = Buffer.concat(chunks).toString('utf8');
    const why =
      /--- RDB ERROR DETECTED ---\n(?:\[[^\]]*\] )?(.*)/.exec(said)?.[1] ?? 'it is damaged';
    throw new HoldfastError('DUMP_CORRUPT_SOURCE', `The RDB file of ${what}: ${why}`, {
      hint: 'Nothing was published. Try again; see whether the connection is cut.',
      context: { source: what },
      cause: error,
    });
  } finally {
    await child.kill();
  }
}
