import { createHash } from 'node:crypto';

/** Bytes of a hash that are kept of a key's name and of its value, and bytes of that of a part. */
const NAME_BYTES = 8;
const VALUE_BYTES = 8;
const PART_BYTES = 6;
/** The same in the text of a fingerprint. */
const PART_LENGTH = 8;
const CHANGED = '.'.repeat(PART_LENGTH);

/** Keys of one part: there are about as many changed ones in it as in any other. */
const KEYS_A_PART = 8;
const MOST_PARTS = 4096;

/** How many parts the keys of a server are divided into. */
export function partsFor(keys: number): number {
  const wanted = Math.max(1, Math.min(MOST_PARTS, keys / KEYS_A_PART));
  return 2 ** Math.ceil(Math.log2(wanted));
}

/** Which part a key is in, by its name alone. */
export function partOf(name: Buffer, parts: number): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % parts;
}

/** Keys of which the values are known: some tens of bytes a key in memory. */
export class PartKeys {
  readonly #records: string[][];

  constructor(parts: number) {
    this.#records = Array.from({ length: parts }, () => []);
  }

  add(name: Buffer, value: Buffer): void {
    const hash = createHash('sha256').update(name).digest();
    const record = Buffer.concat([
      hash.subarray(-NAME_BYTES),
      value.subarray(0, VALUE_BYTES),
    ]).toString('latin1');
    this.#records[partOf(name, this.#records.length)]?.push(record);
  }

  /** One hash a part. A key that was seen twice, as happens when a server's tables are resized meanwhile, counts once. */
  digest(changed: ReadonlySet<number>): string {
    return this.#records
      .map((records, part) => {
        if (changed.has(part)) return CHANGED;
        const hash = createHash('sha256');
        for (const record of [...new Set(records)].toSorted()) hash.update(record, 'latin1');
        return hash.digest().subarray(0, PART_BYTES).toString('base64url');
      })
      .join('');
  }
}

/** In how many parts two sets of keys differ, those aside that have changed. An absent one has no keys. */
export function differingParts(
  parts: number,
  expected: string | undefined,
  found: string | undefined,
): number {
  const nothing = new PartKeys(1).digest(new Set());
  const partAt = (hashes: string | undefined, part: number): string =>
    hashes?.slice(part * PART_LENGTH, (part + 1) * PART_LENGTH) ?? nothing;
  let differing = 0;
  for (let part = 0; part < parts; part++) {
    const [one, other] = [partAt(expected, part), partAt(found, part)];
    if (one !== other && one !== CHANGED && other !== CHANGED) differing += 1;
  }
  return differing;
}
