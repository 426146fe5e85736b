import { type Artifact, recipientsOf, type StoredDocument } from '../model/manifest.ts';
import { GUIDE_NAME, SUMS_NAME } from '../model/layout.ts';
import { measureOf } from '../pipeline/meter.ts';
import { checksumLine } from '../sources/files/lists.ts';
import {
  decryptCommands,
  encryptionLine,
  FORGET_COMMAND,
  isEncrypted,
} from '../sources/opened-file.ts';
import type { RestoreGuide } from '../sources/source.ts';

/** A document with its text. */
export interface WrittenDocument {
  readonly document: StoredDocument;
  readonly content: Buffer;
}

function written(name: string, text: string): WrittenDocument {
  const content = Buffer.from(text);
  return { document: { name, ...measureOf(content) }, content };
}

/** What RESTORE.md tells besides the commands. */
export interface GuideFacts {
  readonly id: string;
  readonly set: string;
  readonly kind: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly warnings: readonly string[];
  readonly artifacts: readonly Artifact[];
}

/** RESTORE.md of a backup that was encrypted anew: the commands are the same, for whom it is encrypted is not. */
export function rewriteGuide(
  text: string,
  from: { readonly id: string; readonly recipients: readonly string[] },
  to: { readonly id: string; readonly recipients: readonly string[] },
): WrittenDocument {
  const changed = text
    .replace(`backup ${from.id}\n`, `backup ${to.id}\n`)
    .replace(encryptionLine(from.recipients), encryptionLine(to.recipients));
  return written(GUIDE_NAME, changed);
}

/** Joins commands so that the first that fails is the last. Behind a here-document nothing may follow on its last line. */
function chain(commands: readonly string[]): string {
  const last = commands.length - 1;
  const linked = commands.map((command, index) => {
    if (index === last) return command;
    const [first = '', ...rest] = command.split('\n');
    return first.includes('<<') ? [`${first} &&`, ...rest].join('\n') : `${command} &&`;
  });
  return linked.join('\n');
}

/**
 * Writes RESTORE.md: one block of commands for a plain sh, which stops at the first that fails and
 * overwrites nothing.
 */
export function writeGuide(facts: GuideFacts, guide: RestoreGuide): WrittenDocument {
  const encrypted = facts.artifacts.filter(isEncrypted);
  const commands = chain([
    `sha256sum -c ${SUMS_NAME}`,
    ...(encrypted.length > 0 ? decryptCommands(encrypted) : []),
    ...guide.commands,
    ...(encrypted.length > 0 ? [FORGET_COMMAND] : []),
  ]);
  const programs = encrypted.length > 0 ? ['age', ...guide.programs] : guide.programs;
  const warnings = facts.warnings.map((warning) => `- ${oneLine(warning)}`);
  const lines = [
    `# Restore ${facts.set}, backup ${facts.id}`,
    '',
    `Kind: ${facts.kind}. Dumped from ${facts.startedAt} to ${facts.endedAt}.`,
    '',
    oneLine(guide.summary),
    '',
    ...(encrypted.length > 0 ? [encryptionLine(recipientsOf(facts)), ''] : []),
    `Programs needed: ${programs.join(', ')}. Nothing else: no part of Holdfast.`,
    'Paste the block into a shell, from within this folder (or a copy of it, where there is room):',
    '',
    '```sh',
    commands,
    '```',
    ...(warnings.length > 0 ? ['', 'Warnings of the dump:', '', ...warnings] : []),
    '',
  ];
  return written(GUIDE_NAME, lines.join('\n'));
}

/** Text of others stays on its line, and cannot begin or end a block. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ').replaceAll('`', "'");
}

/** Writes SHA256SUMS for the artifacts and the documents written so far. */
export function writeSums(
  artifacts: readonly Artifact[],
  documents: readonly WrittenDocument[],
): WrittenDocument {
  const lines = [
    ...artifacts.map(({ name, storedSha256 }) => checksumLine(storedSha256, name)),
    ...documents.map(({ document }) => checksumLine(document.sha256, document.name)),
  ];
  return written(SUMS_NAME, lines.map((line) => `${line}\n`).join(''));
}
