import type { Definition } from '../definition/definition.ts';

/** What a definition says of itself, for lists of what a service can run. */
export interface DefinitionInfo {
  readonly kind: 'flow' | 'task';
  readonly name: string;
  readonly description?: string;
  readonly tags: readonly string[];
}

/** What a definition says of itself. */
export function infoOf({ kind, name, description, tags }: Definition): DefinitionInfo {
  const about = description === undefined ? {} : { description };
  return { kind, name, tags: [...tags], ...about };
}
