import type { DumpCommand } from '@holdfast/backups';
import { NO_FILES, type Source, sourceOfKind } from '@holdfast/backups';

/** What a program prints, as it is; nothing is counted, as a shell counts nothing. */
export function printedSource(command: DumpCommand): Source {
  async function* dump(): ReturnType<Source['dump']> {
    yield await Promise.resolve({ plainName: 'bench.dump', layers: ['zstd' as const], command });
    const empty = { schemaSha256: '0'.repeat(64), tables: [], foreignKeyViolations: 0 };
    const fingerprint = { kind: 'database' as const, ...empty };
    return { fingerprint, tools: [], warnings: [], changed: NO_FILES, vanished: NO_FILES };
  }
  const identity = () => ({});
  const guide = () => ({ programs: [], summary: '', commands: [] });
  const { restore, compare } = sourceOfKind('sqlite') as Source;
  return { kind: 'printed', identity, dump, guide, restore, compare };
}
