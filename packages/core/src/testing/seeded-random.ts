import type { RandomBytes } from '../model/ids.ts';

/** Random bytes that a seed determines (mulberry32). For tests: never for secrets. */
export function seededRandom(seed: number): RandomBytes {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return (bytes) => {
    for (let at = 0; at < bytes.length; at++) bytes[at] = next() & 0xff;
  };
}
