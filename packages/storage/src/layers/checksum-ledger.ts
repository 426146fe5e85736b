/** Where the checksums of objects are kept: SHA-256, in lower-case hex. */
export interface ChecksumLedger {
  /**
   * What the object under a key may have: one checksum, several while writes of it meet, none (or undefined) when
   * nothing is known of it.
   */
  get(key: string): Promise<readonly string[] | undefined> | readonly string[] | undefined;
  /** Keeps what the object under a key may have from now on; an empty list forgets it. */
  set(key: string, checksums: readonly string[]): Promise<void> | void;
}

/** Keeps checksums as long as the process lives, some 200 bytes each. */
export function memoryChecksumLedger(): ChecksumLedger {
  const kept = new Map<string, readonly string[]>();
  return {
    get: (key) => kept.get(key),
    set(key, checksums) {
      if (checksums.length === 0) kept.delete(key);
      else kept.set(key, checksums);
    },
  };
}
