import { HoldfastError } from '@holdfast/core';
import type { Child } from '@holdfast/core/process';
import { piecesOf } from '../../pipeline/pieces.ts';
import type { DumpFacts, DumpStream } from '../source.ts';
import { NO_FILES } from '../source.ts';
import { type Counts, rangesOf } from '../streams/counts.ts';
import type { Workroom } from '../workroom.ts';
import { prepareCall, type PreparedCall } from './call.ts';
import { askCounts } from './ask-counts.ts';
import { checkTail, Tail } from './footer.ts';
import type { CommandSpec } from './spec.ts';

/** A program's output on its way. What it warned of is there when its bytes have ended. */
class Printed {
  readonly tail = new Tail();
  readonly warnings: string[] = [];
  readonly #spec: CommandSpec;

  constructor(spec: CommandSpec) {
    this.#spec = spec;
  }

  async *bytes(call: PreparedCall, room: Workroom): AsyncGenerator<Uint8Array, void, void> {
    const allowedExitCodes = this.#spec.successCodes;
    const child = await room.startChild(call.program, { ...call.options, allowedExitCodes });
    try {
      if (child.stdout !== null) yield* this.#watched(piecesOf(child.stdout));
      await child.done;
    } finally {
      // Its output breaks off before it is dead.
      await child.kill();
    }
    checkTail(this.#spec.name, this.tail, this.#spec);
    await this.#tellCode(call.program, child);
  }

  async *#watched(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of pieces) {
      this.tail.add(piece);
      yield piece;
    }
  }

  async #tellCode(program: string, child: Child): Promise<void> {
    const { code } = await child.exited;
    if (code === 0) return;
    const said = child.stderrTail().trim().split('\n').at(-1) ?? '';
    this.warnings.push(`${program} ended with ${code}${said === '' ? '' : `: ${said}`}.`);
  }
}

async function askBaseline(spec: CommandSpec, room: Workroom): Promise<Counts> {
  return spec.baseline === undefined ? {} : askCounts(spec.name, spec.baseline, room);
}

/** Dumps what a program prints; counts before and after it, where the spec says how. */
export async function* dumpCommandOutput(
  spec: CommandSpec,
  room: Workroom,
): AsyncGenerator<DumpStream, DumpFacts, void> {
  const call = await prepareCall(spec.dump, room);
  const before = await askBaseline(spec, room);
  const printed = new Printed(spec);
  yield {
    plainName: `${spec.name}.${spec.suffix}`,
    layers: spec.layers,
    bytes: printed.bytes(call, room),
  };
  const counts = rangesOf(before, await askBaseline(spec, room));
  return {
    fingerprint: { kind: 'stream', bytes: printed.tail.total, counts },
    tools: [],
    warnings: printed.warnings,
    changed: NO_FILES,
    vanished: NO_FILES,
  };
}

/** @throws `OPTIONS_INVALID` the kind counts what it restores, and the source does not */
export function requireBaseline(spec: CommandSpec): void {
  if (spec.baseline !== undefined) return;
  throw new HoldfastError(
    'OPTIONS_INVALID',
    `The source ${spec.name} of the kind '${spec.kind}' needs a baseline.`,
    {
      hint: 'Give commandSource a program that prints what the source holds: without it nothing could be compared.',
      retryable: false,
      context: { name: spec.name, kind: spec.kind },
    },
  );
}
