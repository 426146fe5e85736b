import { createHash } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import { isRecord } from './shape.ts';

/** Codes of the three ways in which a sealed record is refused. */
export interface RefusalCodes {
  /** Cut off, or no such record at all. */
  readonly invalid: string;
  /** Its text does not match its own hash. */
  readonly altered: string;
  /** Written by a later version of the format. */
  readonly newer: string;
}

function textOf(record: object): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Gives a record its own hash, as the last field `sha256`: SHA-256 of the text that
 * `JSON.stringify(record, null, 2)` and a line feed make of it without that field.
 * This rule holds in every version of the formats that use it.
 */
export function seal<T extends object>(record: T): T & { readonly sha256: string } {
  return { ...record, sha256: hashOf(textOf(record)) };
}

/** The text of a sealed record, as it is stored. */
export function sealedText(record: { readonly sha256: string }): string {
  return textOf(record);
}

/** Describes a record to {@link openSealed}. */
export interface SealedKind {
  /** What it is, for messages: 'manifest'. */
  readonly what: string;
  readonly format: string;
  readonly version: number;
  readonly codes: RefusalCodes;
}

function refuse(kind: SealedKind, code: string, where: string, why: string, hint: string): never {
  throw new HoldfastError(code, `The ${kind.what} ${where} ${why}.`, {
    hint,
    retryable: false,
    context: { key: where },
  });
}

/**
 * Reads a sealed record's text back. The text must be, byte for byte, what {@link sealedText} gives:
 * a change of a single space is seen.
 *
 * @param where the object's key, for messages
 * @throws the kind's `invalid`, `altered` or `newer` code
 */
export function openSealed(
  kind: SealedKind,
  text: string,
  where: string,
): { readonly [key: string]: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isRecord(value)) {
    refuse(kind, kind.codes.invalid, where, 'is cut off or is no JSON object', 'Use another copy.');
  }
  const { sha256, ...rest } = value;
  if (rest['format'] !== kind.format) {
    refuse(
      kind,
      kind.codes.invalid,
      where,
      `is not of the format ${kind.format}`,
      'Use another copy.',
    );
  }
  if (sha256 !== hashOf(textOf(rest)) || textOf(value) !== text) {
    const hint = 'Somebody or something changed it. Use another copy, and find out what did.';
    refuse(kind, kind.codes.altered, where, 'does not match its own hash', hint);
  }
  const version = rest['version'];
  if (typeof version === 'number' && version > kind.version) {
    const hint = 'Update Holdfast, or restore with the commands in RESTORE.md.';
    refuse(
      kind,
      kind.codes.newer,
      where,
      `has version ${version}; this reads ${kind.version}`,
      hint,
    );
  }
  return value;
}
