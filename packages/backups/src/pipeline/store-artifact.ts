import { HoldfastError, type ObjectStore } from '@holdfast/core';
import type { Sealer } from '../encryption/age.ts';
import type { Artifact, Layer } from '../model/manifest.ts';
import type { DumpStream } from '../sources/source.ts';
import { Meter } from './meter.ts';
import { pack, type PackPlace } from './pack.ts';
import type { Rate } from './rate.ts';

const SUFFIXES: { readonly [layer in Layer]: string } = { zstd: '.zst', age: '.age' };

/** The name that an artifact is stored under: the stream's, and a suffix for every layer, the outermost last. */
export function storedName(plainName: string, layers: readonly Layer[]): string {
  return plainName + layers.map((layer) => SUFFIXES[layer]).join('');
}

/** The layers that a stream is stored in: those of its source, and encryption around them. */
export function storedLayers(
  { layers }: Pick<DumpStream, 'layers'>,
  { sealer }: Pick<ArtifactPlace, 'sealer'>,
): readonly Layer[] {
  return sealer === undefined ? layers : [...layers, 'age'];
}

/** Where an artifact goes, and what stops it. */
export interface ArtifactPlace extends PackPlace {
  readonly store: ObjectStore;
  /** The backup's folder, with a trailing slash. */
  readonly path: string;
  /** Encrypts what is stored. */
  readonly sealer?: Sealer | undefined;
  /** Slows what is stored. */
  readonly rate?: Rate | undefined;
}

/**
 * Stores one stream of a dump: gathered, hashed, compressed, encrypted, hashed again, put. Nothing is held but a few
 * pieces; the source is read no faster than the store writes.
 *
 * A stream that fails, also after its last byte, fails the put: nothing stands under the key then.
 *
 * @throws what the stream threw, or the store; `ARTIFACT_INCOMPLETE` when the store keeps another number of bytes
 */
export async function storeArtifact(stream: DumpStream, place: ArtifactPlace): Promise<Artifact> {
  const stored = new Meter();
  const layers = storedLayers(stream, place);
  const name = storedName(stream.plainName, layers);
  const packed = await pack(stream, place);
  const { sealer } = place;
  const body = sealer === undefined ? packed.bytes : sealer.seal(packed.bytes);
  await putArtifact(name, body, stored, place);
  const after = stored.measure();
  const plain = packed.plain();
  return {
    name,
    plainName: stream.plainName,
    layers,
    ...(sealer === undefined ? {} : { recipients: sealer.recipients }),
    plainBytes: plain.bytes,
    ...(plain.sha256 === undefined ? {} : { plainSha256: plain.sha256 }),
    storedBytes: after.bytes,
    storedSha256: after.sha256,
  };
}

/**
 * Puts what an artifact is stored as, measured as it passes.
 *
 * @throws what the bytes threw, or the store; `ARTIFACT_INCOMPLETE`
 */
export async function putArtifact(
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  stored: Meter,
  { store, path, signal, rate }: Pick<ArtifactPlace, 'store' | 'path' | 'signal' | 'rate'>,
): Promise<void> {
  const ifAbsent = store.properties.ifAbsent !== false;
  const body = stored.through(rate === undefined ? bytes : rate.through(bytes, signal));
  const info = await store.put(path + name, body, { signal, ifAbsent });
  const sent = stored.measure().bytes;
  if (info.bytes !== sent) throw lengthsDiffer(path + name, sent, info.bytes);
}

function lengthsDiffer(key: string, sent: number, kept: number): HoldfastError {
  return new HoldfastError(
    'ARTIFACT_INCOMPLETE',
    `The store has ${kept} bytes of ${key}; ${sent} were sent.`,
    { hint: 'Nothing was published. Check the store.', context: { key, sent, kept } },
  );
}
