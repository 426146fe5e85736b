import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { PIECE_BYTES } from '../../pipeline/coalesce.ts';
import { Meter } from '../../pipeline/meter.ts';
import type { Difference, StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';
import { soleArtifact, streamFingerprint } from './stream-backup.ts';

/** Restores the one artifact of a backup to a file, mode 0600, where nothing is yet. */
export async function restoreFile(backup: StoredBackup, to: string, room: Workroom): Promise<void> {
  const bytes = backup.read(soleArtifact(backup.manifest));
  // Flushed to the disk before it is closed: the rename that follows must not outlive the content.
  const file = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(bytes, file, { signal: room.signal });
}

/** Compares a restored file with what the program printed: by its size at the program, and by its hash. */
export async function compareFile(
  { manifest }: StoredBackup,
  at: string,
  room: Workroom,
): Promise<Difference[]> {
  const { plainSha256 } = soleArtifact(manifest);
  const meter = new Meter();
  const file = createReadStream(at, { highWaterMark: PIECE_BYTES, signal: room.signal });
  for await (const chunk of file) meter.add(chunk as Buffer);
  const found = meter.measure();
  const { bytes } = streamFingerprint(manifest);
  if (found.bytes !== bytes) {
    return [{ what: 'the dump', expected: `${bytes} bytes`, found: `${found.bytes} bytes` }];
  }
  if (found.sha256 === plainSha256) return [];
  return [{ what: 'the dump', expected: `SHA-256 ${plainSha256}`, found: found.sha256 }];
}
