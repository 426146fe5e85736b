import { createReadStream } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { CanaryForm, Sighting } from './canary-forms.ts';
import { CanaryWatch } from './canary-forms.ts';

/** A sighting, and the name of what was looked at. */
export interface PlacedSighting extends Sighting {
  readonly where: string;
}

/** A place that is more than a value at hand. */
export abstract class CanaryPlace {
  /** Searches the place for every form. Throws when it cannot be read. */
  abstract look(forms: readonly CanaryForm[]): Promise<PlacedSighting[]>;
}

/** Where a form stands in bytes. */
export async function lookInBytes(
  where: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  forms: readonly CanaryForm[],
): Promise<PlacedSighting[]> {
  const watch = new CanaryWatch(forms);
  for await (const piece of pieces) watch.push(piece);
  return watch.sightings.map((sighting) => ({ where, ...sighting }));
}

const COMPRESSIONS = [
  { name: 'gunzip', magic: Buffer.from([0x1f, 0x8b]), create: createGunzip },
  {
    name: 'unzstd',
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    create: createZstdDecompress,
  },
];

async function bytesAt(path: string, offset: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Decompresses from an offset; gives how many compressed bytes were used up. */
async function decompress(
  path: string,
  start: number,
  create: (typeof COMPRESSIONS)[number]['create'],
  watch: CanaryWatch,
): Promise<number> {
  const decompressor = create();
  try {
    await pipeline(createReadStream(path, { start }), decompressor, async (pieces) => {
      for await (const piece of pieces as AsyncIterable<Buffer>) watch.push(piece);
    });
    return decompressor.bytesWritten;
  } catch {
    // What could be read was looked at; the compressed bytes are looked at by themselves.
    return 0;
  }
}

/** Looks at what a compressed file holds, as far as it can be read: it may be cut, or be something else. */
async function lookInside(path: string, forms: readonly CanaryForm[]): Promise<PlacedSighting[]> {
  const watch = new CanaryWatch(forms);
  let name = '';
  // Node's zstd stops in silence after the first of several frames: nodejs/node#64741.
  for (let offset = 0, used = 1; used > 0; offset += used) {
    const start = await bytesAt(path, offset);
    const kind = COMPRESSIONS.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
    if (kind === undefined) break;
    name = kind.name;
    used = await decompress(path, offset, kind.create, watch);
  }
  return watch.sightings.map((sighting) => ({ where: `${path} (${name})`, ...sighting }));
}

async function lookInFile(path: string, forms: readonly CanaryForm[]): Promise<PlacedSighting[]> {
  const pieces = createReadStream(path, { highWaterMark: 1024 * 1024 });
  const outside = await lookInBytes(path, pieces as AsyncIterable<Buffer>, forms);
  return [...outside, ...(await lookInside(path, forms))];
}

function isVanished(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

class FilesPlace extends CanaryPlace {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  async look(forms: readonly CanaryForm[]): Promise<PlacedSighting[]> {
    const entries = await readdir(this.#path, { recursive: true, withFileTypes: true });
    const sightings: PlacedSighting[] = [];
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      sightings.push(...(await lookInBytes(`name of ${path}`, [Buffer.from(entry.name)], forms)));
      if (!entry.isFile()) continue;
      try {
        sightings.push(...(await lookInFile(path, forms)));
      } catch (error) {
        if (!isVanished(error)) throw error;
      }
    }
    return sightings;
  }
}

class ProcessPlace extends CanaryPlace {
  readonly #pid: number;

  constructor(pid: number) {
    super();
    this.#pid = pid;
  }

  async look(forms: readonly CanaryForm[]): Promise<PlacedSighting[]> {
    const looks = ['cmdline', 'environ'].map(async (name) => {
      const path = `/proc/${this.#pid}/${name}`;
      return lookInBytes(path, [await readFile(path)], forms);
    });
    return (await Promise.all(looks)).flat();
  }
}

class StreamPlace extends CanaryPlace {
  readonly #stream: AsyncIterable<Uint8Array>;

  constructor(stream: AsyncIterable<Uint8Array>) {
    super();
    this.#stream = stream;
  }

  look(forms: readonly CanaryForm[]): Promise<PlacedSighting[]> {
    return lookInBytes('stream', this.#stream, forms);
  }
}

/**
 * Every file under a directory, and the names in it. Files that are gzip or zstd by their first bytes are looked at
 * as they are and decompressed. Symbolic links are not followed. A directory that is missing is an error.
 */
export function filesUnder(directory: string): CanaryPlace {
  return new FilesPlace(directory);
}

/** The command line and the environment of a process that runs (Linux). One that does not is an error. */
export function processWithPid(pid: number): CanaryPlace {
  return new ProcessPlace(pid);
}

/** A stream, read to its end. */
export function bytesOf(stream: AsyncIterable<Uint8Array>): CanaryPlace {
  return new StreamPlace(stream);
}
