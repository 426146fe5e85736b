import { HoldfastError, isHoldfastError, type ObjectStore } from '@holdfast/core';
import { unseal } from '../encryption/age.ts';
import { Keyring } from '../encryption/keyring.ts';
import type { Artifact } from '../model/manifest.ts';
import { coalesce } from './coalesce.ts';
import { type Measure, Meter } from './meter.ts';
import { testUnpacked, unpack } from './unpack.ts';
import type { ZstdProgram } from './zstd-program.ts';

/** Counts what was read, over all artifacts of a verification. */
export interface ReadCounts {
  objects: number;
  storedBytes: number;
  plainBytes: number;
}

/** Where artifacts are read from. */
export interface ReadPlace {
  readonly store: ObjectStore;
  /** The backup's folder, with a trailing slash. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly counts?: ReadCounts;
  /** What encrypted artifacts are decrypted with. Default: nothing. */
  readonly keys?: Keyring;
  /** The zstd program, for large artifacts. Default: they are decompressed in this process. */
  readonly zstd?: ZstdProgram;
}

const NO_KEYS = new Keyring([], () => Promise.reject(new Error('there is no secret')));

type Stage = 'stored' | 'plain';

const CODES: { readonly [stage in Stage]: string } = {
  stored: 'ARTIFACT_ALTERED',
  plain: 'ARTIFACT_UNREADABLE',
};

function wrong(artifact: { readonly name: string }, stage: Stage, why: string, cause?: unknown) {
  return new HoldfastError(CODES[stage], `The artifact ${artifact.name} ${why}.`, {
    hint: 'This copy is damaged. Use another copy, and make a fresh backup.',
    retryable: false,
    context: { artifact: artifact.name },
    ...(cause === undefined ? {} : { cause }),
  });
}

function compareMeasures(
  artifact: { readonly name: string },
  stage: Stage,
  expected: Measure,
  found: Measure,
): void {
  const what = stage === 'stored' ? 'the store' : 'decompression';
  if (found.bytes !== expected.bytes) {
    throw wrong(
      artifact,
      stage,
      `should have ${expected.bytes} bytes; ${what} gave ${found.bytes}`,
    );
  }
  if (found.sha256 !== expected.sha256) {
    throw wrong(
      artifact,
      stage,
      `should have SHA-256 ${expected.sha256}; ${what} gave ${found.sha256}`,
    );
  }
}

/** One stored file with the size and the hash that it should have. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** An artifact as the store should have it. */
export function storedFile(artifact: Artifact): StoredFile {
  return { name: artifact.name, bytes: artifact.storedBytes, sha256: artifact.storedSha256 };
}

/**
 * Asks the store for the sizes of files, and reads none of them.
 *
 * @throws `OBJECT_MISSING` one is not there; `ARTIFACT_ALTERED` one has another size
 */
export async function checkSizes(files: readonly StoredFile[], place: ReadPlace): Promise<void> {
  for (const { name, bytes } of files) {
    const info = await place.store.head(place.path + name, { signal: place.signal });
    if (info?.bytes === bytes) continue;
    const found = info === undefined ? 'nothing' : `${info.bytes} bytes`;
    throw new HoldfastError(
      info === undefined ? 'OBJECT_MISSING' : 'ARTIFACT_ALTERED',
      `The object ${name} should have ${bytes} bytes; the store has ${found}.`,
      {
        retryable: false,
        context: { artifact: name, expected: bytes, found: info?.bytes ?? null },
      },
    );
  }
}

/**
 * Reads a stored file as it is. Its bytes are handed out before the hash is known: whoever consumes them
 * must make nothing final before the iteration has ended.
 *
 * @param lent each chunk is used up when the next is asked for
 * @throws `ARTIFACT_ALTERED` at the end, or at the first byte too many
 */
export async function* readStored(
  file: StoredFile,
  place: ReadPlace,
  lent = false,
): AsyncGenerator<Uint8Array, void, void> {
  const meter = new Meter();
  const { store, path, signal } = place;
  for await (const chunk of store.get(path + file.name, { signal, lent })) {
    meter.add(chunk);
    if (meter.bytes > file.bytes) {
      throw wrong(file, 'stored', `should have ${file.bytes} bytes; the store gives more`);
    }
    yield chunk;
  }
  compareMeasures(file, 'stored', file, meter.measure());
  if (place.counts !== undefined) {
    place.counts.objects += 1;
    place.counts.storedBytes += file.bytes;
  }
}

/** Reads a stored file for its hash alone. */
export async function checkStored(file: StoredFile, place: ReadPlace): Promise<void> {
  for await (const chunk of readStored(file, place, true)) void chunk;
}

/** An artifact's stored bytes, decrypted. `giveUp` wakes the store. */
export function openStored(
  artifact: Artifact,
  place: ReadPlace,
): { readonly opened: AsyncIterable<Uint8Array>; readonly giveUp: () => void } {
  const leaving = new AbortController();
  const inner = { ...place, signal: AbortSignal.any([place.signal, leaving.signal]) };
  const pieces = coalesce(readStored(storedFile(artifact), inner));
  const opened = artifact.layers.includes('age')
    ? unseal(pieces, artifact, place.keys ?? NO_KEYS)
    : pieces;
  return { opened, giveUp: () => leaving.abort() };
}

/**
 * Reads an artifact back to what its source gave: stored hash, layers, plain hash, in one pass. As with
 * {@link readStored}, the bytes are proven only when the iteration has ended.
 *
 * @throws `ARTIFACT_ALTERED` the stored bytes are not those of the manifest
 * @throws `ARTIFACT_UNREADABLE` the stored bytes are right, and do not give what the source gave
 * @throws `IDENTITY_MISSING`, `IDENTITY_UNFIT`, `IDENTITY_INVALID` it is encrypted, and cannot be read with what was given
 * @throws what the store throws, `OBJECT_MISSING` among it
 */
export async function* readArtifact(
  artifact: Artifact,
  place: ReadPlace,
): AsyncGenerator<Uint8Array, void, void> {
  const plain = new Meter();
  const { opened, giveUp } = openStored(artifact, place);
  const unlayered = artifact.layers.includes('zstd')
    ? unpack(opened, artifact, { zstd: place.zstd, giveUp })
    : opened;
  try {
    for await (const chunk of unlayered) {
      plain.add(chunk);
      if (plain.bytes > artifact.plainBytes) {
        throw wrong(artifact, 'plain', `should give ${artifact.plainBytes} bytes; it gives more`);
      }
      yield chunk;
    }
  } catch (error) {
    throw await explain(artifact, place, error);
  }
  const found = plain.measure();
  const { plainBytes: bytes, plainSha256: sha256 = found.sha256 } = artifact;
  compareMeasures(artifact, 'plain', { bytes, sha256 }, found);
  if (place.counts !== undefined) place.counts.plainBytes += artifact.plainBytes;
}

/**
 * Reads an artifact for the verdict alone. Where no hash of its plain bytes is known the zstd program decompresses
 * to nowhere, if it is here: its checksum is what would be compared.
 *
 * @throws as {@link readArtifact}
 */
export async function checkReadable(artifact: Artifact, place: ReadPlace): Promise<void> {
  const { opened, giveUp } = openStored(artifact, place);
  const found = await testUnpacked(opened, artifact, { zstd: place.zstd, giveUp }).catch(
    async (error: unknown) => {
      throw await explain(artifact, place, error);
    },
  );
  if (found === undefined) {
    for await (const chunk of readArtifact(artifact, place)) void chunk;
    return;
  }
  if (found !== artifact.plainBytes) {
    throw wrong(artifact, 'plain', `should give ${artifact.plainBytes} bytes; it gives ${found}`);
  }
  if (place.counts !== undefined) place.counts.plainBytes += artifact.plainBytes;
}

/**
 * A flipped byte usually shows first as an error of decryption or decompression; in the header of an encrypted
 * artifact as an identity that does not fit. The stored bytes are then read once more, by themselves, to tell a
 * damaged object from one that was never readable.
 */
async function explain(artifact: Artifact, place: ReadPlace, error: unknown): Promise<unknown> {
  if (place.signal.aborted) return place.signal.reason;
  const coded = isHoldfastError(error);
  if (coded && error.code !== CODES.plain && error.code !== 'IDENTITY_UNFIT') return error;
  try {
    await checkStored(storedFile(artifact), {
      store: place.store,
      path: place.path,
      signal: place.signal,
    });
  } catch (damage) {
    return damage;
  }
  if (coded) return error;
  const what = artifact.layers.includes('age') ? 'decrypt and decompress' : 'decompress';
  return wrong(artifact, 'plain', `does not ${what}`, error);
}
