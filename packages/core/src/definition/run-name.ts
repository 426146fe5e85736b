import type { Definition } from './definition.ts';

/** What people call a run with these arguments, as the field of its record; empty when its definition does not say. */
export function runNameOf(
  definition: Definition,
  args: readonly unknown[],
): { readonly runName?: string } {
  const { runName } = definition;
  if (typeof runName !== 'function') return runName === undefined ? {} : { runName };
  try {
    return { runName: runName(...args) };
  } catch {
    // A name is for people: it must not keep a run from starting.
    return {};
  }
}
