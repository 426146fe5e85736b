import { HoldfastError } from '@holdfast/core';

/** Tar's unit: headers have this size, contents are padded to it. */
export const BLOCK = 512;

/** A member as its header describes it. */
export interface TarMember {
  /** As written, without trailing slashes. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'special';
  /** Permission bits, with set-uid, set-gid and sticky. */
  readonly mode: number;
  /** Bytes that follow: its content, or of a sparse file a map and what lies outside of holes. */
  readonly size: number;
  /** The size of a sparse file, holes included. */
  readonly realSize?: number;
  /** When its content was last changed, in nanoseconds since 1970; undefined where that is no number. */
  readonly mtimeNs?: bigint;
  /** A link's target; '' for others. */
  readonly target: string;
}

/** Records that stand before a header and replace fields of it. */
export type PaxRecords = ReadonlyMap<string, string>;

export function tarInvalid(why: string): HoldfastError {
  return new HoldfastError('TAR_INVALID', `The archive is refused: ${why}.`, { retryable: false });
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw tarInvalid('it holds a name that is not UTF-8');
  }
}

function textField(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return utf8(end === -1 ? field : field.subarray(0, end));
}

/** Octal digits; or, for what these cannot hold, base 256 with the first bit set (GNU). */
function numberField(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, first & 0x7f);
    if (!Number.isSafeInteger(value)) throw tarInvalid('a number in a header is too large');
    return value;
  }
  const digits = field.toString('latin1').replaceAll(/[\0 ]/g, '');
  if (!/^[0-7]*$/.test(digits)) throw tarInvalid('a number in a header is no number');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** The sum of all bytes, the checksum's own field taken as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let index = 0; index < BLOCK; index++) {
    if (index < 148 || index >= 156) sum += block[index] ?? 0;
  }
  return sum;
}

const TYPES: { readonly [flag: string]: TarMember['type'] } = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'special',
  '4': 'special',
  '5': 'directory',
  '6': 'special',
};

/** A header block: a member, or records for the member after it. */
export type TarHeader =
  | { readonly kind: 'member'; readonly member: TarMember }
  | { readonly kind: 'records' | 'path' | 'target' | 'global'; readonly size: number };

/**
 * Reads a header block: POSIX.1-2017 pax (ustar interchange format), and GNU's long names.
 *
 * @param records what the pax header before it said
 * @throws `TAR_INVALID`
 */
export function readHeader(block: Buffer, records: PaxRecords): TarHeader {
  if (numberField(block, 148, 8) !== checksum(block)) {
    throw tarInvalid('a header does not match its checksum');
  }
  const flag = String.fromCharCode(block[156] ?? 0);
  const size = numberField(block, 124, 12);
  if (flag === 'x') return { kind: 'records', size };
  if (flag === 'g') return { kind: 'global', size };
  if (flag === 'L') return { kind: 'path', size };
  if (flag === 'K') return { kind: 'target', size };
  return { kind: 'member', member: readMember(block, flag, size, records) };
}

function sizeIn(text: string): number {
  const size = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw tarInvalid('a size is no number');
  return size;
}

/** What records say of a sparse file. Only the form that GNU tar writes today is taken: PAX format, version 1.0. */
function sparseFacts(
  type: TarMember['type'],
  records: PaxRecords,
): { readonly path: string; readonly realSize: number } | undefined {
  const names = [...records.keys()].filter((name) => name.startsWith('GNU.sparse.'));
  if (names.length === 0) return undefined;
  const path = records.get('GNU.sparse.name');
  const isKnown =
    records.get('GNU.sparse.major') === '1' && records.get('GNU.sparse.minor') === '0';
  if (!isKnown || names.length !== 4 || path === undefined || type !== 'file') {
    throw tarInvalid('it holds a sparse member of another form');
  }
  return { path, realSize: sizeIn(records.get('GNU.sparse.realsize') ?? '') };
}

/** Seconds with up to nine decimals, as pax records have them. */
const SECONDS = /^(-?\d+)(?:\.(\d{1,9}))?$/;

function nanoseconds(text: string): bigint | undefined {
  const [, seconds, decimals = ''] = SECONDS.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return BigInt(seconds + decimals.padEnd(9, '0'));
}

function fileTime(block: Buffer, records: PaxRecords): { readonly mtimeNs?: bigint } {
  const mtimeNs = nanoseconds(records.get('mtime') ?? String(numberField(block, 136, 12)));
  return mtimeNs === undefined ? {} : { mtimeNs };
}

function readMember(block: Buffer, flag: string, size: number, records: PaxRecords): TarMember {
  const type = TYPES[flag];
  if (type === undefined)
    throw tarInvalid(`it holds a member of unknown type ${JSON.stringify(flag)}`);
  const sparse = sparseFacts(type, records);
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? textField(block, 345, 155) : '';
  const name = textField(block, 0, 100);
  const path = sparse?.path ?? records.get('path') ?? (prefix === '' ? name : `${prefix}/${name}`);
  const bytes = sizeIn(records.get('size') ?? String(size));
  return {
    path: path.length > 1 ? path.replace(/\/+$/, '') : path,
    type: type === 'file' && path.endsWith('/') ? 'directory' : type,
    mode: numberField(block, 100, 8) & 0o7777,
    size: type === 'file' ? bytes : 0,
    ...(sparse === undefined ? {} : { realSize: sparse.realSize }),
    ...(type === 'file' ? fileTime(block, records) : {}),
    target:
      type === 'symlink' || type === 'hardlink'
        ? (records.get('linkpath') ?? textField(block, 157, 100))
        : '',
  };
}

/**
 * Reads pax records: `<length> <key>=<value>\n`, where the length counts the whole record. Values may
 * hold line feeds, so they are cut by their length and never by lines.
 *
 * @throws `TAR_INVALID`
 */
export function readPaxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    const equals = bytes.indexOf(0x3d, space);
    const end = at + length;
    const fits = space > at && Number.isSafeInteger(length) && equals > space && equals < end;
    if (!fits || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw tarInvalid('a pax header is damaged');
    }
    const key = utf8(bytes.subarray(space + 1, equals));
    // Attributes may hold any bytes; only names are read as text.
    const value = bytes.subarray(equals + 1, end - 1);
    const isText = key === 'path' || key === 'linkpath' || key === 'GNU.sparse.name';
    records.set(key, isText ? utf8(value) : value.toString('latin1'));
    at = end;
  }
  return records;
}
