import { storeOf } from '../archive/destinations.ts';
import type { Backup } from '../model/backup.ts';
import { problemOf } from '../notify/compose.ts';
import type { RetentionPolicy } from '../retention/policy.ts';
import type { SourceSpec } from '../sources/source.ts';
import { archiveCopies } from '../tasks/archive-copies.ts';
import { dumpSource } from '../tasks/dump.ts';
import { pruneBackups } from '../tasks/prune.ts';
import { verifyByRestore } from '../tasks/verify.ts';
import { limited } from './flow-parts.ts';
import type { NightlyOptions } from './nightly-options.ts';
import type { PruningReport } from './nightly-report.ts';

interface Pruning {
  readonly store: string;
  readonly policy: RetentionPolicy;
}

/** Which store is pruned by what: copies are read back, not restored, and so are backups that nobody here can decrypt. */
function prunings(options: NightlyOptions): Pruning[] {
  const { retention, stores, encryption, identities = [] } = options;
  if (retention === undefined) return [];
  const readBack: RetentionPolicy = { ...retention, proof: retention.proof ?? 'checksum' };
  const isClosed = encryption !== undefined && identities.length === 0;
  const copies = (stores.copies ?? []).map((copy) => ({ store: storeOf(copy), policy: readBack }));
  return [{ store: stores.primary, policy: isClosed ? readBack : retention }, ...copies];
}

/** What a verification is told: without an identity a closed backup can only be read back. */
function provingOf(set: string, options: NightlyOptions) {
  const { scratchRoot, encryption, identities, scratchServer, checks = {}, samples = {} } = options;
  const check = Object.hasOwn(checks, set) ? checks[set] : undefined;
  const sample = Object.hasOwn(samples, set) ? samples[set] : undefined;
  const isClosed = encryption !== undefined && (identities ?? []).length === 0;
  return {
    ...(scratchRoot === undefined ? {} : { scratchRoot }),
    ...(identities === undefined ? {} : { identities }),
    ...(scratchServer === undefined ? {} : { scratchServer }),
    ...(check === undefined ? {} : { check }),
    ...(sample === undefined ? {} : { sample }),
    ...(isClosed ? ({ level: 'checksum' } as const) : {}),
  };
}

/** The steps of a set's night: the public tasks, with the limits that are handed down to them. None of them throws. */
export function stepsOf(source: SourceSpec, options: NightlyOptions) {
  const { stores, scratchRoot, encryption, bandwidth } = options;
  const { primary: store, copies: to = [] } = stores;
  const { name: set } = source;
  const share = limited(set, options);
  const dumping = {
    ...(scratchRoot === undefined ? {} : { scratchRoot }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
  };
  const pruneOne = async ({ store: from, policy }: Pruning): Promise<PruningReport> => {
    const prune = pruneBackups.with(share).submit({ store: from, set, policy });
    const done = await prune.outcome();
    if (done.ok) return { store: from, report: done.value };
    return { store: from, problem: problemOf(done.error) };
  };
  return {
    dump: () =>
      dumpSource
        .with(share)
        .submit({ source, store, ...dumping })
        .outcome(),
    prove: (backup: Backup) =>
      verifyByRestore
        .with(share)
        .submit({ backup, ...provingOf(set, options) })
        .outcome(),
    copy: (backup: Backup) => archiveCopies({ backup, to, atLeast: 0, ...share }),
    prune: () => Promise.all(prunings(options).map(pruneOne)),
  };
}
