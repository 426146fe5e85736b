import { HoldfastError } from '@holdfast/core';
import {
  GUIDE_NAME,
  MANIFEST_NAME,
  REMOVING_NAME,
  SUMS_NAME,
  VERIFICATIONS_NAME,
} from '../model/layout.ts';
import type { Artifact } from '../model/manifest.ts';
import { checkStoreSpace } from '../pipeline/space.ts';
import { storeArtifact, storedLayers, storedName } from '../pipeline/store-artifact.ts';
import type { DumpFacts, DumpStream, AnySource, SourceSpec } from '../sources/source.ts';
import type { Workroom } from '../sources/workroom.ts';
import type { Attempt } from './attempt.ts';

/** A dump whose artifacts are all stored. */
export interface StoredDump {
  readonly source: AnySource;
  readonly spec: SourceSpec;
  readonly artifacts: readonly Artifact[];
  readonly facts: DumpFacts;
}

const RESERVED = new Set([MANIFEST_NAME, REMOVING_NAME, SUMS_NAME, GUIDE_NAME, VERIFICATIONS_NAME]);

function checkStreamName(name: string, artifacts: readonly Artifact[]): void {
  const taken = RESERVED.has(name) || artifacts.some((artifact) => artifact.name === name);
  if (!taken && /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(name)) return;
  throw new HoldfastError('DUMP_NAME_INVALID', `A stream of a dump cannot be stored as ${name}.`, {
    hint: "Use letters, digits, '_', '.' and '-'; each name once; not that of a file of ours.",
    retryable: false,
    context: { name },
  });
}

async function storeStream(
  stream: DumpStream,
  artifacts: Artifact[],
  attempt: Attempt,
): Promise<string | undefined> {
  const name = storedName(stream.plainName, storedLayers(stream, attempt));
  checkStreamName(name, artifacts);
  const warning = await checkStoreSpace(attempt.store, stream.expectedBytes ?? 0);
  attempt.willWrite(name);
  artifacts.push(await storeArtifact(stream, attempt));
  return warning;
}

/** Runs a dump and stores its streams, one after another. */
export async function storeDump(
  source: AnySource,
  spec: SourceSpec,
  room: Workroom,
  attempt: Attempt,
): Promise<StoredDump> {
  const dump = source.dump(spec, room);
  const artifacts: Artifact[] = [];
  const warnings: string[] = [];
  try {
    for (;;) {
      const step = await dump.next();
      if (step.done === true) {
        const facts = { ...step.value, warnings: [...step.value.warnings, ...warnings] };
        return { source, spec, artifacts, facts };
      }
      const warning = await storeStream(step.value, artifacts, attempt);
      if (warning !== undefined) warnings.push(warning);
    }
  } catch (error) {
    // Runs the dump's own `finally`, and lets the source say what a program's failure means.
    await dump.throw(error);
    throw error;
  }
}
