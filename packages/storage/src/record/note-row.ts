import type { ArtifactBody, LogEntry, LogLevel, RunArtifact, StoredLogEntry } from '@holdfast/core';
import type { Selectable } from 'kysely';
import { corruptRecord } from './fault.ts';
import type { ArtifactTable, LogTable } from '../sql/tables.ts';
import { parse } from './parse.ts';
import {
  count,
  json,
  list,
  number,
  object,
  oneOf,
  optional,
  record,
  text,
  variant,
} from './shape.ts';

/** How grave a line is, as it is stored. Gaps leave room for levels between. */
export const GRAVITY: { readonly [L in LogLevel]: number } = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

const LEVELS = new Map(Object.entries(GRAVITY).map(([level, gravity]) => [gravity, level]));

const LINE = {
  runId: text,
  rootId: text,
  generation: count,
  attempt: count,
  at: number,
  level: oneOf(...Object.keys(GRAVITY)),
  message: text,
  fields: optional(object),
};

/** A line as it is given. */
export const lineShape = record<LogEntry>(LINE);
const storedLineShape = record<StoredLogEntry>({ ...LINE, position: count });

type Body<K extends ArtifactBody['kind']> = Extract<ArtifactBody, { readonly kind: K }>;

const bodyShape = variant(
  'kind',
  new Map([
    ['table', record<Body<'table'>>({ kind: text, columns: list(text), rows: list(list(json)) })],
    ['markdown', record<Body<'markdown'>>({ kind: text, markdown: text })],
    ['link', record<Body<'link'>>({ kind: text, href: text, text: optional(text) })],
    [
      'progress',
      record<Body<'progress'>>({
        kind: text,
        done: number,
        total: optional(number),
        unit: optional(text),
        rate: optional(number),
        eta: optional(number),
      }),
    ],
  ]),
);

/** An artifact, whole. */
export const artifactShape = record<RunArtifact>({
  runId: text,
  rootId: text,
  generation: count,
  key: text,
  at: number,
  description: optional(text),
  body: bodyShape,
});

/** The line in a row. */
export function decodeLine(row: Selectable<LogTable>): StoredLogEntry {
  const line: unknown = {
    runId: row.run_id,
    rootId: row.root_id,
    generation: row.generation,
    attempt: row.attempt,
    at: row.at,
    level: LEVELS.get(row.level),
    message: row.message,
    position: row.position,
    ...(row.fields_json === null ? {} : { fields: parse(row.fields_json, 'line', row.run_id) }),
  };
  const wrong = storedLineShape(line);
  if (wrong !== undefined) throw corruptRecord('line', row.run_id, `line${wrong}`);
  return line as StoredLogEntry;
}

/** The artifact in a row. */
export function decodeArtifact(row: Selectable<ArtifactTable>): RunArtifact {
  const artifact: unknown = {
    runId: row.run_id,
    rootId: row.root_id,
    generation: row.generation,
    key: row.key,
    at: row.at,
    body: parse(row.body_json, 'artifact', row.run_id),
    ...(row.description === null ? {} : { description: row.description }),
  };
  const wrong = artifactShape(artifact);
  if (wrong !== undefined) throw corruptRecord('artifact', row.run_id, `artifact${wrong}`);
  return artifact as RunArtifact;
}
