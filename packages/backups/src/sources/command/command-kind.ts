import { HoldfastError } from '@holdfast/core';
import type { Comparison, RestoreGuide, Source, StoredBackup } from '../source.ts';
import { feedChild } from '../servers/feed-child.ts';
import { compareCounts } from '../streams/counts.ts';
import { soleArtifact, streamFingerprint } from '../streams/stream-backup.ts';
import type { Workroom } from '../workroom.ts';
import { askCounts } from './ask-counts.ts';
import { type CommandCall, faultOfCall, prepareCall } from './call.ts';
import { commandGuide, commandIdentity } from './command-source.ts';
import { dumpCommandOutput, requireBaseline } from './dump-command.ts';
import type { CommandSpec } from './spec.ts';

/** How what a program printed is given to another program, and how that is asked what it holds. */
export interface CommandKindOptions {
  /** Names the kind: `mongo`. The engine gets the source as the resource `source:mongo`. */
  readonly kind: string;
  /**
   * The program that restores: it reads the dump on stdin, and puts it at the path, where nothing is yet, and
   * nowhere else. It must read to the end, and end with 0.
   */
  readonly restore: (to: string) => CommandCall;
  /**
   * The program that asks what was restored to the path what it holds: it prints a JSON object in the manner of the
   * spec's `baseline`, `{"orders": 12}`.
   */
  readonly count: (at: string) => CommandCall;
  /** The commands of RESTORE.md that follow on the file's. Default: none, the file is what comes back. */
  readonly guide?: (restored: string) => readonly string[];
}

function checked(kind: string, call: CommandCall): CommandCall {
  const fault = faultOfCall(call);
  if (fault === undefined) return call;
  throw new HoldfastError('OPTIONS_INVALID', `commandKind ${kind}: the program ${fault}.`, {
    retryable: false,
    context: { kind },
  });
}

async function feed(backup: StoredBackup, call: CommandCall, room: Workroom): Promise<void> {
  const { program, options } = await prepareCall(call, room);
  const child = await room.startChild(program, { ...options, stdin: 'pipe', stdout: 'ignore' });
  await feedChild(backup.read(soleArtifact(backup.manifest)), child);
}

/**
 * Makes a kind of source whose dump is what a program prints, whose restore is a program that reads it, and whose
 * proof are counts: asked of the source before and after the dump (`baseline` of the spec), and of what was
 * restored. Its programs are code, and never read from a manifest: what lies in a store must not be able to
 * run programs.
 *
 * @throws `OPTIONS_INVALID`
 */
export function commandKind(options: CommandKindOptions): Source<CommandSpec> {
  const { kind, restore, count, guide } = options;
  if (!/^[a-z][a-z0-9-]*$/.test(kind) || kind === 'command') {
    throw new HoldfastError('OPTIONS_INVALID', `commandKind: '${kind}' cannot name a kind.`, {
      hint: "Use lower-case letters, digits and '-'; another name than the built-in ones.",
      retryable: false,
      context: { kind },
    });
  }
  const compare = async (
    { manifest }: StoredBackup,
    at: string,
    room: Workroom,
  ): Promise<Comparison> => {
    const { counts } = streamFingerprint(manifest);
    const found = await askCounts(at, checked(kind, count(at)), room);
    const rows = Object.values(found).reduce((sum, one) => sum + one, 0);
    return {
      differences: compareCounts(counts, found).slice(0, 100),
      tables: Object.keys(found).length,
      rows,
    };
  };
  return {
    kind,
    identity: commandIdentity,
    async *dump(spec, room) {
      requireBaseline(spec);
      return yield* dumpCommandOutput(spec, room);
    },
    restore: (backup, to, room) => feed(backup, checked(kind, restore(to)), room),
    compare,
    guide(spec, facts, artifacts): RestoreGuide {
      const file = commandGuide(spec, facts, artifacts);
      const more = guide?.(`restored/${artifacts[0]?.plainName}`) ?? [];
      return { ...file, commands: [...file.commands, ...more] };
    },
  };
}
