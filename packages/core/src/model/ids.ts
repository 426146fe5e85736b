import { randomFillSync } from 'node:crypto';

declare const runId: unique symbol;

/** The id of a run: a UUIDv7, so that ids sort by the time the run was made. */
export type RunId = string & { readonly [runId]: true };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text has the form of a run id. It says nothing about whether such a run exists. */
export function isRunId(text: string): text is RunId {
  return UUID.test(text);
}

/** Source of random bytes: fills the array it is given. Tests pass a seeded one. */
export type RandomBytes = (bytes: Uint8Array) => void;

/** Random bytes of the operating system, fetched in portions: each is given out once, and wiped. */
const pool = new Uint8Array(4096);
let used = pool.length;

/** The operating system's cryptographic randomness. */
export const systemRandom: RandomBytes = (bytes) => {
  if (bytes.length > pool.length) {
    randomFillSync(bytes);
    return;
  }
  if (used + bytes.length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  for (let at = 0; at < bytes.length; at++, used++) {
    bytes[at] = pool[used] as number;
    pool[used] = 0;
  }
};

const DIGITS = Buffer.from('0123456789abcdef');
const HYPHEN = 0x2d;
const UUID_TEXT = Buffer.from('00000000-0000-0000-0000-000000000000');
/** The id that is being made: one array for all, since making one takes longer than filling it. */
const UUID_BYTES = new Uint8Array(16);
const UUID_VIEW = new DataView(UUID_BYTES.buffer);

/** A UUID as text: in one piece, where joined parts would take twice the memory for as long as the id is kept. */
function uuidText(bytes: Uint8Array): string {
  let at = 0;
  for (const byte of bytes) {
    if (UUID_TEXT[at] === HYPHEN) at++;
    UUID_TEXT[at++] = DIGITS[byte >> 4] as number;
    UUID_TEXT[at++] = DIGITS[byte & 0x0f] as number;
  }
  return UUID_TEXT.toString('latin1');
}

/**
 * Makes a UUIDv7 (RFC 9562, section 5.7): 48 bits of epoch milliseconds, then random bits.
 *
 * @param now epoch milliseconds
 * @param random fills the 74 random bits
 */
export function uuidv7(now: number, random: RandomBytes = systemRandom): string {
  UUID_BYTES.fill(0);
  random(UUID_BYTES);
  UUID_VIEW.setUint16(0, Math.floor(now / 2 ** 32));
  UUID_VIEW.setUint32(2, now % 2 ** 32);
  UUID_VIEW.setUint8(6, (UUID_VIEW.getUint8(6) & 0x0f) | 0x70);
  UUID_VIEW.setUint8(8, (UUID_VIEW.getUint8(8) & 0x3f) | 0x80);
  return uuidText(UUID_BYTES);
}

/** A time that a UUIDv7 can hold. */
const LAST = 2 ** 48 - 1;

/** The least id that a run can have which was made at this time or later: for reading runs by the time of their making. */
export function firstRunId(from: number): RunId {
  const at = Math.min(Math.max(Math.ceil(from), 0), LAST);
  return uuidv7(at, (bytes) => bytes.fill(0)) as RunId;
}

/** Makes the id of a new run. */
export function newRunId(now: number, random?: RandomBytes): RunId {
  return uuidv7(now, random) as RunId;
}
