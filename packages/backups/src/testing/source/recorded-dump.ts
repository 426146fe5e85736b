import { dumpBytes } from '../../pipeline/dump-bytes.ts';
import type { KnownSource } from '../../sources/known-sources.ts';
import type { DumpFacts, DumpStream, SourceSpec } from '../../sources/source.ts';
import type { Workroom } from '../../sources/workroom.ts';

/** A dump that has ended. */
export interface RecordedDump {
  readonly facts: DumpFacts;
  readonly streams: readonly { readonly stream: DumpStream; readonly bytes: Buffer }[];
}

/** Runs a dump to its end, and keeps all of it. */
export async function recordDump(
  source: KnownSource,
  spec: SourceSpec,
  room: Workroom,
): Promise<RecordedDump> {
  const dump = source.dump(spec, room);
  const streams: { stream: DumpStream; bytes: Buffer }[] = [];
  for (;;) {
    const step = await dump.next();
    if (step.done === true) return { facts: step.value, streams };
    const chunks: Uint8Array[] = [];
    // A chunk stays as it is until the next one is asked for.
    for await (const chunk of dumpBytes(step.value, room)) chunks.push(Uint8Array.from(chunk));
    streams.push({ stream: step.value, bytes: Buffer.concat(chunks) });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(bytes);
}

/** A source that restores and compares as the other does, and whose dump is a recorded one. */
export function replaying(source: KnownSource, { facts, streams }: RecordedDump): KnownSource {
  async function* dump(): AsyncGenerator<DumpStream, DumpFacts, void> {
    for (const { stream, bytes } of streams) {
      const { plainName, layers } = stream;
      yield { plainName, layers, bytes: once(bytes) };
    }
    return Promise.resolve(facts);
  }
  return { ...source, dump };
}
