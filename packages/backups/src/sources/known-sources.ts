import { HoldfastError } from '@holdfast/core';
import { command } from './command/command-source.ts';
import { files } from './files/files-source.ts';
import { mysql } from './mysql/mysql-source.ts';
import { postgres } from './postgres/postgres-source.ts';
import type { ServerSource } from './servers/server-source.ts';
import type { Source } from './source.ts';
import { redis } from './redis/redis-source.ts';
import { sqlite } from './sqlite/sqlite-source.ts';

/** A source of either form. */
export type KnownSource = Source | ServerSource;

const BUILT_IN: readonly KnownSource[] = [sqlite, redis, files, command, postgres, mysql];

/** Sources beside the built-in ones: a list, or what finds one by its kind. */
export type MoreSources = readonly KnownSource[] | ((kind: string) => KnownSource | undefined);

function findIn(more: MoreSources, kind: string): KnownSource | undefined {
  return typeof more === 'function' ? more(kind) : more.find((one) => one.kind === kind);
}

/** Whether a source of this kind is built in. */
export function isBuiltIn(kind: string): boolean {
  return BUILT_IN.some((one) => one.kind === kind);
}

/**
 * Finds the source for a kind: among those given, then among the built-in ones.
 *
 * @throws `SOURCE_KIND_UNKNOWN`
 */
export function sourceOfKind(kind: string, given: MoreSources = []): KnownSource {
  const source = findIn(given, kind) ?? findIn(BUILT_IN, kind);
  if (source !== undefined) return source;
  const known = BUILT_IN.map((one) => one.kind).join(', ');
  throw new HoldfastError('SOURCE_KIND_UNKNOWN', `There is no source of the kind '${kind}'.`, {
    hint: `Pass your own Source in \`sources\`; built in are: ${known}.`,
    retryable: false,
    context: { kind },
  });
}
