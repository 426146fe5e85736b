import type { ObjectStore } from '@holdfast/core';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import { sourceOfKind } from '../sources/known-sources.ts';
import type { Finding, SourceSpec } from '../sources/source.ts';
import { withScratch } from '../sources/workroom.ts';
import { complaints, tryOut } from './finding.ts';

/** What is looked at before the night. */
export interface PreflightOptions extends WorkOptions {
  /** What is to be dumped. */
  readonly specs: readonly SourceSpec[];
  /** Where backups are to go, by their names. Default: none is looked at. */
  readonly stores?: Readonly<Record<string, ObjectStore>>;
}

/** A finding, and what it is about. */
export interface PreflightFinding extends Finding {
  /** 'source orders', 'store vault'. */
  readonly about: string;
}

/** What a preflight found. */
export interface PreflightReport {
  /** Whether a night could begin: no finding is an error. */
  readonly ok: boolean;
  readonly findings: readonly PreflightFinding[];
}

async function lookAtSource(
  spec: SourceSpec,
  options: PreflightOptions,
): Promise<readonly Finding[]> {
  const { scratchRoot, ...rest } = settle(options);
  const looked = await tryOut(rest.signal, async () => {
    const source = sourceOfKind(spec.kind, options.sources);
    return withScratch(
      scratchRoot,
      async (scratch) => (await source.preflight?.(spec, { ...rest, scratch })) ?? [],
    );
  });
  return 'finding' in looked ? [looked.finding] : looked.value;
}

/** Reads the first key, if there is one: that it could be written to is seen by writing alone. */
async function lookAtStore(store: ObjectStore, signal: AbortSignal): Promise<readonly Finding[]> {
  return complaints(signal, async () => {
    for await (const found of store.list('', { signal })) {
      void found;
      break;
    }
  });
}

/**
 * Looks, without dumping or writing anything, whether backups could be made now: that programs are there in the
 * versions that are needed, credentials are taken, everything that is to be dumped may be read, stores answer. What a
 * person set up wrongly is told at noon, and not by a night that failed.
 *
 * @throws nothing about sources and stores: these are findings
 * @throws the signal's reason
 */
export async function preflight(options: PreflightOptions): Promise<PreflightReport> {
  const { signal } = settle(options);
  const findings: PreflightFinding[] = [];
  const add = (about: string, found: readonly Finding[]): void => {
    findings.push(...found.map((finding) => ({ ...finding, about })));
  };
  for (const spec of options.specs) {
    add(`source ${spec.name}`, await lookAtSource(spec, options));
  }
  for (const [name, store] of Object.entries(options.stores ?? {})) {
    add(`store ${name}`, await lookAtStore(store, signal));
  }
  return { ok: findings.every(({ severity }) => severity !== 'error'), findings };
}
