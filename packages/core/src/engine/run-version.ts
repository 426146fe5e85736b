import type { Definition } from '../definition/definition.ts';
import type { Run } from '../model/run.ts';

/** The version of a definition, as the field of a run's record; empty when it has none. */
export function versionField({ version }: Definition): { readonly definitionVersion?: string } {
  return version === undefined ? {} : { definitionVersion: version };
}

/** A run that is about to be executed again: under the version that its definition has now. */
export function underVersion<R extends Run>(run: R, definition: Definition): R {
  if (run.definitionVersion === definition.version) return run;
  const { definitionVersion: _, ...rest } = run;
  return { ...rest, ...versionField(definition) } as unknown as R;
}
