import type { JsonValue } from '@holdfast/core';
import { shellQuote } from '../../publish/shell-quote.ts';
import type { Artifact } from '../../model/manifest.ts';
import { openedFile } from '../opened-file.ts';
import type { DumpFacts, RestoreGuide, Source } from '../source.ts';
import { compareFile, restoreFile } from '../streams/plain-file.ts';
import { dumpCommandOutput } from './dump-command.ts';
import type { CommandSpec } from './spec.ts';

/** The program and its arguments, and the names of its variables: their values are nobody's business. */
export function commandIdentity(spec: CommandSpec): { readonly [field: string]: JsonValue } {
  return { argv: [...spec.dump.argv], variables: Object.keys(spec.dump.env ?? {}) };
}

/** The commands that bring the file back. */
export function commandGuide(
  spec: CommandSpec,
  _facts: DumpFacts,
  artifacts: readonly Artifact[],
): RestoreGuide {
  const [artifact] = artifacts;
  const stored = openedFile(artifact ?? { name: '', layers: [] });
  const restored = shellQuote(`restored/${artifact?.plainName ?? ''}`);
  const zipped = artifact?.layers.includes('zstd') === true;
  return {
    programs: ['sha256sum', ...(zipped ? ['zstd'] : [])],
    summary:
      `What ${spec.dump.argv[0]} printed, restored to restored/${artifact?.plainName} below this folder; ` +
      'the last command says OK when it is that, to the byte. Give it to the program that reads such files.',
    commands: [
      'mkdir restored',
      zipped ? `zstd -d -q ${stored} -o ${restored}` : `cp ${stored} ${restored}`,
      `echo ${shellQuote(`${artifact?.plainSha256}  restored/${artifact?.plainName}`)} | sha256sum -c -`,
    ],
  };
}

/** Dumps what a program prints, and restores it to a file. */
export const command: Source<CommandSpec> = {
  kind: 'command',
  identity: commandIdentity,
  dump: dumpCommandOutput,
  restore: restoreFile,
  compare: async (backup, at, room) => ({ differences: await compareFile(backup, at, room) }),
  guide: commandGuide,
};
