import { HoldfastError } from '@holdfast/core';
import type { Manifest } from '../../model/manifest.ts';
import { list, literal, type Read, ShapeError, text } from '../../model/shape.ts';
import type { Flavor } from './programs.ts';

/** What the manifest tells of a dumped database, for a restore. */
export interface MysqlIdentity {
  readonly database: string;
  readonly flavor: Flavor;
  readonly charset: string;
  readonly collation: string;
  readonly definers: readonly string[];
  /** Views that could not be read at the source either. */
  readonly brokenViews: readonly string[];
}

/** It becomes part of a statement. */
const word: Read<string> = (value, at) => {
  const name = text(value, at);
  if (/^\w*$/.test(name)) return name;
  throw new ShapeError(`${at} must be a word`);
};

/** @throws `MANIFEST_INVALID` */
export function readIdentity(manifest: Manifest): MysqlIdentity {
  const { identity } = manifest.source;
  const read = <T>(field: string, reader: Read<T>): T =>
    reader(identity[field], `identity.${field}`);
  try {
    return {
      database: read('database', text),
      flavor: read('flavor', literal('MariaDB', 'MySQL')),
      charset: read('charset', word),
      collation: read('collation', word),
      definers: read('definers', list(text)),
      brokenViews: read('brokenViews', list(text)),
    };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new HoldfastError(
      'MANIFEST_INVALID',
      `The manifest of ${manifest.id}: ${error.message}.`,
      {
        hint: 'Use another copy of the backup.',
        retryable: false,
        context: { backup: manifest.id },
      },
    );
  }
}
