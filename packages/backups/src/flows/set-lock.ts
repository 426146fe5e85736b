/** The name of the limit that keeps the work on a set apart. */
export function lockOf(set: string): string {
  return `set:${set}`;
}

/**
 * Limits of one slot for `createEngine({ limits: { ...setLocks('shop', 'uploads') } })`: of the dumps, proofs, copies,
 * prunes and restores of a set that take it, `set:<name>`, one is made at a time, over all processes of a run store. It is
 * leased: who dies gives it back.
 */
export function setLocks(...sets: readonly string[]): { readonly [limit: string]: 1 } {
  return Object.fromEntries(sets.map((set) => [lockOf(set), 1]));
}
