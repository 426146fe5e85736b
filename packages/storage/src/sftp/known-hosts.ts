import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a file of known hosts says of one host, see sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". */
export interface KnownKeys {
  /** Keys that the host may show, in base64. */
  readonly trusted: readonly string[];
  /** Keys that nobody may show any more. */
  readonly revoked: readonly string[];
  /** The algorithms of the trusted ones. */
  readonly types: readonly string[];
}

/** What a host is called in the file. */
export function knownName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
}

function isHashed(pattern: string, name: string): boolean {
  const [, , salt = '', hash = ''] = pattern.split('|');
  const known = Buffer.from(hash, 'base64');
  const own = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  return known.byteLength === own.byteLength && timingSafeEqual(known, own);
}

/** Whether a name matches a pattern, in which `*` stands for any text and `?` for any character. */
function isLike(pattern: string, name: string): boolean {
  if (pattern.startsWith('|1|')) return isHashed(pattern, name);
  const source = pattern
    .toLowerCase()
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

/** A pattern that begins with `!` takes out what another one takes in. */
function isMeant(patterns: string, name: string): boolean {
  const all = patterns.split(',');
  const out = all.filter((each) => each.startsWith('!'));
  if (out.some((each) => isLike(each.slice(1), name))) return false;
  return all.some((each) => !each.startsWith('!') && isLike(each, name));
}

/** Keys of certificate authorities are left out: a server is known by a key of its own. */
export function knownKeys(file: string, name: string): KnownKeys {
  const trusted: string[] = [];
  const revoked: string[] = [];
  const types: string[] = [];
  for (const line of file.split('\n')) {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') === true ? words.shift() : undefined;
    const [patterns = '', type = '', key = ''] = words;
    if (key === '' || patterns.startsWith('#') || !isMeant(patterns, name)) continue;
    if (marker === '@revoked') revoked.push(key);
    if (marker !== undefined) continue;
    trusted.push(key);
    types.push(type);
  }
  return { trusted, revoked, types };
}
