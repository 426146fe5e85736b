import { HoldfastError } from '@holdfast/core';
import type { SampleTaken } from './sample.ts';
import { openSealed, seal, sealedText } from './sealed-json.ts';
import {
  count,
  list,
  literal,
  optional,
  orNull,
  record,
  sha256,
  share,
  ShapeError,
  text,
  time,
} from './shape.ts';

/**
 * How much was proven of a backup, from least to most:
 * - `stored`: its objects are there, in their sizes;
 * - `checksum`: their bytes have the hashes that the manifest names;
 * - `readable`: they decompress to the bytes that the source gave;
 * - `restored`: they were restored, and what came out is what the source held at the moment of the dump.
 */
export type VerificationLevel = 'stored' | 'checksum' | 'readable' | 'restored';

/** The levels, least first. */
export const VERIFICATION_LEVELS: readonly VerificationLevel[] = [
  'stored',
  'checksum',
  'readable',
  'restored',
];

/** Whether a level proves at least as much as another. */
export function reaches(level: VerificationLevel, wanted: VerificationLevel): boolean {
  return VERIFICATION_LEVELS.indexOf(level) >= VERIFICATION_LEVELS.indexOf(wanted);
}

/** What was compared, in numbers. Those that do not apply are absent. */
export interface Compared {
  /** Stored objects read. */
  readonly objects: number;
  /** Stored bytes read. */
  readonly storedBytes: number;
  /** Bytes after decompression. */
  readonly plainBytes: number;
  readonly tables?: number;
  readonly rows?: number;
  readonly members?: number;
}

/** Why a verification failed. */
export interface VerificationProblem {
  readonly code: string;
  readonly message: string;
}

/** A verification as it is kept beside its backup, in `verifications/<id>.json`. Never changed afterwards. */
export interface Verification {
  readonly format: typeof VERIFICATION_FORMAT;
  readonly version: typeof VERIFICATION_VERSION;
  readonly id: string;
  readonly backup: string;
  /** The manifest's own hash: a record says nothing of another manifest. */
  readonly manifestSha256: string;
  /** URL of the store that was read, without credentials. */
  readonly store: string;
  /** The level that was tried. */
  readonly level: VerificationLevel;
  readonly outcome: 'passed' | 'failed';
  /** The highest level that held; null when none did. */
  readonly reached: VerificationLevel | null;
  readonly startedAt: string;
  readonly endedAt: string;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** How long restoring and comparing took: what a recovery takes at the least (RTO). Milliseconds; only where that held. */
  readonly restoreMs?: number;
  /** How old the restored data was: what a recovery would have lost (RPO). Milliseconds; only with `restoreMs`. */
  readonly dataAgeMs?: number;
  readonly compared: Compared;
  /**
   * Where not everything was restored and compared, but a sample: of what, and which. Nothing but the sample is proven
   * `restored` then; `restoreMs` tells nothing of a whole restore. Absent: all of it was.
   */
  readonly sample?: SampleTaken;
  /** Whose identities have decrypted all of an encrypted backup: their public sides. Absent when none did. */
  readonly identities?: readonly string[];
  readonly problem: VerificationProblem | null;
  /** Package and version that verified. */
  readonly tool: string;
  readonly sha256: string;
}

export const VERIFICATION_FORMAT = 'holdfast-verification';
export const VERIFICATION_VERSION = 1;

const verification = record<Verification>({
  format: literal(VERIFICATION_FORMAT),
  version: literal(VERIFICATION_VERSION),
  id: text,
  backup: text,
  manifestSha256: sha256,
  store: text,
  level: literal(...VERIFICATION_LEVELS),
  outcome: literal('passed', 'failed'),
  reached: orNull(literal(...VERIFICATION_LEVELS)),
  startedAt: time,
  endedAt: time,
  durationMs: count,
  restoreMs: optional(count),
  dataAgeMs: optional(count),
  compared: record<Compared>({
    objects: count,
    storedBytes: count,
    plainBytes: count,
    tables: optional(count),
    rows: optional(count),
    members: optional(count),
  }),
  sample: optional(
    record<SampleTaken>({
      share,
      seed: text,
      unit: literal('members', 'tables'),
      taken: count,
      of: count,
    }),
  ),
  identities: optional(list(text)),
  problem: orNull(record<VerificationProblem>({ code: text, message: text })),
  tool: text,
  sha256,
});

/** Gives a record its own hash. */
export function sealVerification(unsealed: Omit<Verification, 'sha256'>): Verification {
  return seal(unsealed);
}

/** The text of a record as it is stored. */
export function serialiseVerification(sealed: Verification): string {
  return sealedText(sealed);
}

/**
 * Reads a verification record.
 *
 * @throws `VERIFICATION_INVALID`, `VERIFICATION_ALTERED` or `VERIFICATION_NEWER`, as for manifests
 */
export function parseVerification(content: string, where: string): Verification {
  const codes = {
    invalid: 'VERIFICATION_INVALID',
    altered: 'VERIFICATION_ALTERED',
    newer: 'VERIFICATION_NEWER',
  };
  const kind = {
    what: 'verification record',
    format: VERIFICATION_FORMAT,
    version: VERIFICATION_VERSION,
    codes,
  };
  const opened = openSealed(kind, content, where);
  try {
    return verification(opened, 'verification');
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new HoldfastError(
      codes.invalid,
      `The verification record ${where} is refused: ${error.message}.`,
      { hint: 'Verify the backup again.', retryable: false, context: { key: where } },
    );
  }
}
