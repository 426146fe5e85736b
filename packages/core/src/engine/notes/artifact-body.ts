import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Progress } from '../../events/engine-events.ts';
import type { ArtifactBody } from '../../model/artifact.ts';
import { assertJson } from '../../model/assert-json.ts';
import type { JsonValue } from '../../model/json.ts';
import { setOwn } from '../../serial/set-own.ts';
import { keepableText, type EngineCore } from '../engine-core.ts';

/** What a run may leave for people to look at. How far it has come is kept by `runContext().progress`. */
export type GivenArtifact = Exclude<ArtifactBody, { readonly kind: 'progress' }>;

/** The largest artifact, as JSON, in bytes. */
const MOST_BYTES = 256 * 1024;
const LONGEST_KEY = 200;
const LONGEST_DESCRIPTION = 1000;
/** Links that execute something where they are shown. */
const UNSAFE = new Set(['javascript:', 'data:', 'vbscript:']);

function refused(what: string, problem: string): HoldfastError {
  return new HoldfastError('RUN_ARTIFACT_INVALID', `${what} cannot be kept: ${problem}.`, {
    hint: 'An artifact is a table, a text in Markdown or a link, for people; keep data in results and object stores.',
    retryable: false,
  });
}

const isText = (value: unknown): value is string => typeof value === 'string';

function checkTable({ columns, rows }: GivenArtifact & { kind: 'table' }, what: string): void {
  if (!Array.isArray(columns) || columns.length === 0 || !columns.every(isText)) {
    throw refused(what, 'columns must be a list of texts, at least one');
  }
  if (!Array.isArray(rows)) throw refused(what, 'rows must be a list of lists');
  for (const [at, row] of rows.entries()) {
    if (Array.isArray(row) && row.length === columns.length) continue;
    throw refused(what, `row ${at} has not as many cells as there are columns (${columns.length})`);
  }
  assertJson(rows, 'rows', (problem) => refused(what, problem));
}

function checkLink({ href, text }: GivenArtifact & { kind: 'link' }, what: string): void {
  const url = isText(href) && URL.canParse(href) ? new URL(href) : undefined;
  if (url === undefined) throw refused(what, 'href is no absolute URL');
  if (UNSAFE.has(url.protocol))
    throw refused(what, `a link may not be of the kind ${url.protocol}`);
  if (url.password !== '') throw refused(what, 'its URL holds a password');
  if (text !== undefined && !isText(text)) throw refused(what, 'the text of a link must be a text');
}

/** The members that are kept, and no others. */
function membersOf(body: GivenArtifact, what: string): ArtifactBody {
  switch (body.kind) {
    case 'table':
      checkTable(body, what);
      return { kind: 'table', columns: body.columns, rows: body.rows };
    case 'markdown':
      if (!isText(body.markdown)) throw refused(what, 'markdown must be a text');
      return { kind: 'markdown', markdown: body.markdown };
    case 'link': {
      checkLink(body, what);
      const text = body.text === undefined ? {} : { text: body.text };
      return { kind: 'link', href: body.href, ...text };
    }
    default:
      throw refused(what, `there is no kind ${JSON.stringify((body as { kind: unknown }).kind)}`);
  }
}

/** JSON with every text as stores keep it. */
function keepable(engine: EngineCore, json: JsonValue): JsonValue {
  if (typeof json === 'string') return keepableText(engine, json);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((each: JsonValue) => keepable(engine, each));
  const out: { [key: string]: JsonValue } = {};
  for (const [key, each] of Object.entries(json)) {
    if (each !== undefined) setOwn(out, keepableText(engine, key), keepable(engine, each));
  }
  return out;
}

/**
 * What is kept of an artifact: secrets are taken out of its texts.
 *
 * @throws `RUN_ARTIFACT_INVALID`
 */
export function artifactBody(engine: EngineCore, key: string, given: GivenArtifact): ArtifactBody {
  const what = `The artifact '${key}'`;
  if (typeof given !== 'object' || given === null) throw refused(what, 'it is no object');
  const body = keepable(engine, membersOf(given, what));
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > MOST_BYTES)
    throw refused(what, `it takes ${bytes} bytes, and at most ${MOST_BYTES} are kept`);
  return body as unknown as ArtifactBody;
}

/**
 * Checks the key of an artifact, which is kept as it is.
 *
 * @throws `RUN_ARTIFACT_INVALID`
 */
export function checkArtifactKey(engine: EngineCore, key: string): void {
  const named = isText(key) && key !== '' && key.length <= LONGEST_KEY;
  if (!named)
    throw refused('An artifact', `its key must be a text of 1 to ${LONGEST_KEY} characters`);
  if (key === 'progress') throw refused('An artifact', "the key 'progress' is that of progress()");
  if (keepableText(engine, key) === key) return;
  throw refused('An artifact', 'its key holds a secret, U+0000 or half a surrogate pair');
}

/** Checks the sentence about an artifact; gives it as it is kept. Throws `RUN_ARTIFACT_INVALID`. */
export function artifactDescription(
  engine: EngineCore,
  key: string,
  text: string | undefined,
): string | undefined {
  if (text === undefined) return undefined;
  if (isText(text) && text.length <= LONGEST_DESCRIPTION) return keepableText(engine, text);
  const problem = `its description must be a text of at most ${LONGEST_DESCRIPTION} characters`;
  throw refused(`The artifact '${key}'`, problem);
}

const isCount = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** Checks how far a run says it has come. Throws `RUN_ARTIFACT_INVALID`. */
export function checkProgress({ done, total, unit }: Progress): void {
  if (isCount(done) && (total === undefined || isCount(total)) && isText(unit)) return;
  throw refused('The progress', 'done and total are numbers from 0, and unit is a text');
}
