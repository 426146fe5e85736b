const DEPTH = 8;

function scrubMember(error: Error, key: string, scrub: (text: string) => string): void {
  const before = (error as unknown as { [key: string]: unknown })[key];
  if (typeof before !== 'string') return;
  const after = scrub(before);
  if (after === before) return;
  const enumerable = Object.getOwnPropertyDescriptor(error, key)?.enumerable ?? false;
  Object.defineProperty(error, key, {
    value: after,
    enumerable,
    configurable: true,
    writable: true,
  });
}

/**
 * Takes secrets out of the texts of an error, in place: whoever catches it keeps its class and its fields. Goes
 * into causes and members, eight levels deep.
 *
 * @returns false when the error does not let itself be changed
 */
export function scrubError(
  error: unknown,
  scrub: (text: string) => string,
  depth = DEPTH,
): boolean {
  if (!(error instanceof Error) || depth === 0) return true;
  try {
    for (const key of new Set(['message', 'stack', ...Object.getOwnPropertyNames(error)])) {
      scrubMember(error, key, scrub);
    }
  } catch {
    return false;
  }
  const members = error instanceof AggregateError ? error.errors : [];
  return [error.cause, ...members].every((each) => scrubError(each, scrub, depth - 1));
}
