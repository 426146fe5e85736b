import { HoldfastError } from '@holdfast/core';
import type { StreamFingerprint } from '../../model/fingerprint.ts';
import type { Artifact, Manifest } from '../../model/manifest.ts';

function invalid(manifest: Manifest, why: string): HoldfastError {
  return new HoldfastError('MANIFEST_INVALID', `The backup ${manifest.id} ${why}.`, {
    hint: 'Use another copy of the backup.',
    retryable: false,
    context: { backup: manifest.id },
  });
}

/**
 * The one artifact of a backup whose dump is one stream.
 *
 * @throws `MANIFEST_INVALID` there is none, or more
 */
export function soleArtifact(manifest: Manifest): Artifact {
  const [artifact] = manifest.artifacts;
  if (artifact !== undefined && manifest.artifacts.length === 1) return artifact;
  throw invalid(manifest, 'should have one artifact, and has not');
}

/** @throws `MANIFEST_INVALID` the fingerprint has another form */
export function streamFingerprint(manifest: Manifest): StreamFingerprint {
  if (manifest.fingerprint.kind === 'stream') return manifest.fingerprint;
  throw invalid(manifest, "has no stream's fingerprint");
}
