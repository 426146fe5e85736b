import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Child } from '@holdfast/core/process';
import { drained } from '../../pipeline/drained.ts';
import { piecesOf } from '../../pipeline/pieces.ts';
import type { Workroom } from '../workroom.ts';
import { type GnuTar, startCreate } from './gnu-tar.ts';
import type { Found } from './walk.ts';

/** How an archiver ended. */
export interface ArchiverEnd {
  /** 0: well; 1: files changed; 2: files are missing from the archive, or were read in part. */
  readonly code: number;
  /** The end of what it complained of. */
  readonly complaints: string;
  /** Whether the archiver looks at each file once more when it has read it, and complains of those that changed meanwhile. */
  readonly looksTwice: boolean;
}

/** An archive as it is made. */
export interface ArchiveStream {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** How it ended; call when `bytes` have ended. */
  end(): Promise<ArchiverEnd>;
}

/** Every name begins with './': no archiver takes it for an option, or for one of its own signs. */
function memberName({ path }: Found): string {
  return path === '.' ? './' : `./${path}`;
}

function* fedNames(found: readonly Found[]): Generator<string, void, void> {
  const group = 1000;
  for (let at = 0; at < found.length; at += group) {
    yield found
      .slice(at, at + group)
      .map((one) => `${memberName(one)}\0`)
      .join('');
  }
}

/** Feeds names. That tar reads no further shows in its exit code, not here. */
async function feed(names: Iterable<string>, stdin: Writable): Promise<void> {
  await pipeline(Readable.from(names), stdin).catch(() => undefined);
}

async function* outputOf(
  child: Child,
  feeding: Promise<void>,
): AsyncGenerator<Uint8Array, void, void> {
  let whole = false;
  try {
    if (child.stdout !== null) yield* piecesOf(child.stdout);
    await feeding;
    await child.done;
    whole = true;
  } finally {
    if (!whole) await child.kill();
  }
}

/** Archives with GNU tar. The child's output is read before its first name is fed. */
export async function gnuArchive(
  tar: GnuTar,
  directory: string,
  found: readonly Found[],
  room: Workroom,
): Promise<ArchiveStream> {
  const child = await startCreate(tar, directory, room);
  const feeding = feed(fedNames(found), child.stdin as Writable);
  return {
    bytes: outputOf(child, feeding),
    end: async () => ({
      code: (await child.exited).code ?? 2,
      complaints: child.stderrTail(),
      // "file changed as we read it": GNU tar manual, "Return Values".
      looksTwice: true,
    }),
  };
}

/**
 * Archives with node-tar, where there is no GNU tar: without ACLs and extended attributes. A file that
 * vanishes meanwhile fails the whole archive.
 */
export async function libraryArchive(
  directory: string,
  found: readonly Found[],
  room: Workroom,
): Promise<ArchiveStream> {
  // Loaded where it is needed: it takes megabytes.
  const { create } = await import('tar');
  const complaints: string[] = [];
  const pack = create(
    {
      cwd: directory,
      noDirRecurse: true,
      follow: false,
      jobs: 1,
      onwarn: (_code, message) => complaints.push(message),
    },
    found.map(memberName),
  );
  const onAbort = (): void => {
    pack.emit('error', room.signal.reason);
  };
  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    room.signal.throwIfAborted();
    room.signal.addEventListener('abort', onAbort, { once: true });
    try {
      for await (const chunk of pack) yield chunk;
    } finally {
      room.signal.removeEventListener('abort', onAbort);
    }
  }
  return {
    bytes: bytes(),
    end: () =>
      Promise.resolve({
        code: complaints.length === 0 ? 0 : 2,
        complaints: complaints.join('\n'),
        looksTwice: false,
      }),
  };
}

/** Writes a stream into a program that reads it, no faster than it does. */
export async function writeInto(source: AsyncIterable<Uint8Array>, stdin: Writable): Promise<void> {
  for await (const chunk of source) {
    if (stdin.destroyed) return;
    if (!stdin.write(chunk)) await drained(stdin);
  }
}
