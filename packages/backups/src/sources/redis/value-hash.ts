import { createHash, type Hash } from 'node:crypto';
import type { RedisConnection } from './connection.ts';
import { type Answer, listOf, textOf } from './resp.ts';

/** The most of a text, in bytes, and the most elements that are asked for at once. */
const PIECE = 256 * 1024;
const ELEMENTS = 1000;

/** Lengths come first: what is hashed can be cut in one way only. */
function feed(hash: Hash, answer: Answer): void {
  if (Array.isArray(answer)) {
    hash.update(`*${answer.length}\n`);
    for (const item of answer) feed(hash, item);
    return;
  }
  const bytes = Buffer.isBuffer(answer) ? answer : Buffer.from(textOf(answer));
  hash.update(`$${bytes.length}\n`).update(bytes);
}

async function hashText(redis: RedisConnection, key: Buffer, hash: Hash): Promise<void> {
  for (let at = 0; ; at += PIECE) {
    const piece = await redis.ask('GETRANGE', key, String(at), String(at + PIECE - 1));
    if (!Buffer.isBuffer(piece)) return;
    hash.update(piece);
    if (piece.length < PIECE) return;
  }
}

async function hashList(redis: RedisConnection, key: Buffer, hash: Hash): Promise<void> {
  for (let at = 0; ; at += ELEMENTS) {
    const items = listOf(await redis.ask('LRANGE', key, String(at), String(at + ELEMENTS - 1)));
    for (const item of items) feed(hash, item);
    if (items.length < ELEMENTS) return;
  }
}

/** Sets, hashes and sorted sets: their elements come in any order, and some perhaps twice. */
async function hashElements(
  redis: RedisConnection,
  key: Buffer,
  hash: Hash,
  [command, width]: readonly [string, number],
): Promise<void> {
  const elements = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = listOf(await redis.ask(command, key, cursor, 'COUNT', String(ELEMENTS)));
    const items = listOf(found);
    for (let at = 0; at < items.length; at += width) {
      const element = createHash('sha256');
      feed(element, items.slice(at, at + width));
      elements.add(element.digest().toString('latin1', 0, 16));
    }
    cursor = textOf(next);
  } while (cursor !== '0');
  for (const element of [...elements].toSorted()) hash.update(element, 'latin1');
}

/** A stream's entries, and how far its groups are. Consumers are not compared: a server forgets and makes them by itself. */
async function hashStream(redis: RedisConnection, key: Buffer, hash: Hash): Promise<void> {
  let from: string | Buffer = '-';
  for (;;) {
    const entries = listOf(await redis.ask('XRANGE', key, from, '+', 'COUNT', String(ELEMENTS)));
    for (const entry of entries) feed(hash, entry);
    if (entries.length < ELEMENTS) break;
    from = `(${textOf(listOf(entries.at(-1))[0])}`;
  }
  const groups = listOf(await redis.ask('XINFO', 'GROUPS', key)).map((answer) => {
    const fields = listOf(answer);
    const field = (name: string): string =>
      textOf(fields[fields.findIndex((one, at) => at % 2 === 0 && textOf(one) === name) + 1]);
    return `${field('name')} ${field('last-delivered-id')} ${field('pending')}`;
  });
  for (const group of groups.toSorted()) feed(hash, Buffer.from(group));
}

const ELEMENTS_OF: Readonly<Record<string, readonly [command: string, width: number]>> = {
  set: ['SSCAN', 1],
  hash: ['HSCAN', 2],
  zset: ['ZSCAN', 2],
};

/** Hashes what a key holds, its type and when it expires, a piece after the other; of types of modules no more than the type. */
export async function hashValue(
  redis: RedisConnection,
  key: Buffer,
  type: string,
  expiresAt: number,
): Promise<Buffer> {
  const hash = createHash('sha256').update(`${type} ${expiresAt}\n`);
  const elements = ELEMENTS_OF[type];
  if (elements !== undefined) await hashElements(redis, key, hash, elements);
  else if (type === 'string') await hashText(redis, key, hash);
  else if (type === 'list') await hashList(redis, key, hash);
  else if (type === 'stream') await hashStream(redis, key, hash);
  return hash.digest();
}
