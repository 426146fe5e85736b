import { createReadStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type DumpFacts,
  type DumpStream,
  type FilesSpec,
  type Source,
  sourceOfKind,
  type SqliteSpec,
  type Workroom,
} from '@holdfast/backups';

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(bytes);
}

/** Runs a dump to its end, for its facts alone. */
async function factsOf(source: Source, spec: SqliteSpec | FilesSpec, room: Workroom) {
  const dump = source.dump(spec, room);
  const streams: { stream: DumpStream; bytes: Buffer }[] = [];
  for (;;) {
    const step = await dump.next();
    if (step.done === true) return { facts: step.value, streams };
    const chunks: Uint8Array[] = [];
    // A chunk is lent: its memory goes round.
    for await (const chunk of step.value.bytes ?? []) chunks.push(Uint8Array.from(chunk));
    streams.push({ stream: step.value, bytes: Buffer.concat(chunks) });
  }
}

/** How often in a row a liar lies, before it tells the truth. */
export interface Lies {
  left: number;
}

/** A SQLite source whose dump loses rows before anything is hashed; its facts are the truth. */
export function losesRows(lies: Lies = { left: Infinity }): Source<SqliteSpec> {
  const honest = sourceOfKind('sqlite') as Source<SqliteSpec>;
  async function* dump(
    spec: SqliteSpec,
    room: Workroom,
  ): AsyncGenerator<DumpStream, DumpFacts, void> {
    if (lies.left-- <= 0) return yield* honest.dump(spec, room);
    const { facts } = await factsOf(honest, spec, room);
    const copy = join(room.scratch, 'lie.sqlite');
    await copyFile(spec.path, copy);
    const db = new DatabaseSync(copy);
    db.exec('PRAGMA journal_mode = DELETE; DELETE FROM orders WHERE id > 150;');
    db.close();
    yield { plainName: `${spec.name}.sqlite`, layers: ['zstd'], bytes: createReadStream(copy) };
    return facts;
  }
  return { ...honest, dump };
}

/** A file source whose archive holds another tree than its facts tell. */
export function losesFiles(other: FilesSpec): Source<FilesSpec> {
  const honest = sourceOfKind('files') as Source<FilesSpec>;
  async function* dump(
    spec: FilesSpec,
    room: Workroom,
  ): AsyncGenerator<DumpStream, DumpFacts, void> {
    const truth = await factsOf(honest, spec, room);
    const lie = await factsOf(honest, other, room);
    for (const [index, { stream, bytes }] of truth.streams.entries()) {
      const told = index === 0 ? (lie.streams[0]?.bytes ?? bytes) : bytes;
      const { plainName, layers } = stream;
      yield { plainName, layers, bytes: once(told) };
    }
    return truth.facts;
  }
  return { ...honest, dump };
}
