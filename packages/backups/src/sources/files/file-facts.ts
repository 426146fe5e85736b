import { lstat, type BigIntStats } from 'node:fs';

/** What is kept of a file's stats; trees have millions of files. */
export interface FileFacts {
  /** 'special': a socket, pipe or device. */
  readonly type: 'file' | 'directory' | 'symlink' | 'special';
  /** Permission bits, with set-uid, set-gid and sticky. */
  readonly mode: number;
  /** Bytes of content, holes included. */
  readonly size: number;
  /** Bytes of it that lie on the disk, at most: without its holes. */
  readonly held: number;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
}

/** How many are looked at at once: more keep no thread of libuv any busier. */
const AT_ONCE = 64;

function typeOf(stats: BigIntStats): FileFacts['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'special';
}

function factsOf(stats: BigIntStats): FileFacts {
  return {
    type: typeOf(stats),
    mode: Number(stats.mode & 0o7777n),
    size: Number(stats.size),
    held: Math.min(Number(stats.size), Number(stats.blocks) * 512),
    mtimeNs: stats.mtimeNs,
    ino: stats.ino,
    dev: stats.dev,
  };
}

/** Looks at a path, following no link. @returns the error of lstat(2), where there is one */
export function lookAt(path: string): Promise<FileFacts | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    lstat(path, { bigint: true }, (error, stats) => resolve(error ?? factsOf(stats)));
  });
}

/** Looks at paths, some at once; gives what was found in their order. */
export async function* lookAtAll<T>(
  items: readonly T[],
  pathOf: (item: T) => string,
): AsyncGenerator<readonly [T, FileFacts | NodeJS.ErrnoException], void, void> {
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const group = items.slice(at, at + AT_ONCE);
    const found = await Promise.all(group.map((item) => lookAt(pathOf(item))));
    for (const [index, item] of group.entries()) {
      yield [item, found[index] as FileFacts | NodeJS.ErrnoException];
    }
  }
}
