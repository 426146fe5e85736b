/** An answer that is an error: `NOPERM this user has no permissions …`. */
export class RedisComplaint extends Error {
  override readonly name = 'RedisComplaint';
}

/** What a server tells without being asked: its kind, and what it tells. */
export class Push {
  readonly items: readonly Answer[];

  constructor(items: readonly Answer[]) {
    this.items = items;
  }
}

/** Texts stay bytes; maps are lists of keys and values in turn. */
export type Answer = Buffer | number | null | RedisComplaint | Push | readonly Answer[];

/** An answer as text; nothing and lists are empty. */
export function textOf(answer: Answer | undefined): string {
  if (Buffer.isBuffer(answer)) return answer.toString('utf8');
  return typeof answer === 'number' ? String(answer) : '';
}

/** An answer as a list; what is none is an empty one. */
export function listOf(answer: Answer | undefined): readonly Answer[] {
  return Array.isArray(answer) ? answer : [];
}

/** Thrown inside, where an answer has not arrived whole. */
class Incomplete {
  /** How many bytes there must be before it is worth another look. */
  readonly needed: number;

  constructor(needed: number) {
    this.needed = needed;
  }
}

/** Reads answers in the protocol RESP3 from what arrives: https://redis.io/docs/reference/protocol-spec/ */
export class AnswerReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 1;
  #at = 0;
  #buffer: Buffer = Buffer.alloc(0);

  /** @returns the answers that have become whole */
  feed(chunk: Buffer): Answer[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const answers: Answer[] = [];
    if (this.#length < this.#needed) return answers;
    this.#buffer = Buffer.concat(this.#chunks);
    let start = 0;
    try {
      while (start < this.#buffer.length) {
        this.#at = start;
        answers.push(this.#read());
        start = this.#at;
      }
      this.#needed = 1;
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
      this.#needed = error.needed - start;
    }
    // A copy: what was read must not be held by a few bytes of what comes next.
    const rest = Buffer.from(this.#buffer.subarray(start));
    this.#chunks = [rest];
    this.#length = rest.length;
    return answers;
  }

  #line(): string {
    const end = this.#buffer.indexOf('\r\n', this.#at);
    if (end < 0) throw new Incomplete(this.#buffer.length + 1);
    const line = this.#buffer.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #bytes(length: number): Buffer {
    const end = this.#at + length;
    if (this.#buffer.length < end + 2) throw new Incomplete(end + 2);
    const bytes = this.#buffer.subarray(this.#at, end);
    this.#at = end + 2;
    return bytes;
  }

  #list(length: number): readonly Answer[] {
    const items: Answer[] = [];
    for (let index = 0; index < length; index++) items.push(this.#read());
    return items;
  }

  #read(): Answer {
    const line = this.#line();
    const [type, rest] = [line[0], line.slice(1)];
    if (type === '$' || type === '=' || type === '!') {
      const bytes = rest === '-1' ? null : this.#bytes(Number(rest));
      return type === '!' ? new RedisComplaint(String(bytes)) : bytes;
    }
    if (type === '*' || type === '~') return rest === '-1' ? null : this.#list(Number(rest));
    if (type === '%') return this.#list(2 * Number(rest));
    if (type === '>') return new Push(this.#list(Number(rest)));
    if (type === '_') return null;
    if (type === ':') return Number(rest);
    if (type === '-') return new RedisComplaint(rest);
    if (type === '+' || type === ',' || type === '(' || type === '#')
      return Buffer.from(rest, 'latin1');
    throw new RedisComplaint('The server does not speak the protocol of Redis.');
  }
}

/** A command as a server reads it. */
export function commandBytes(parts: readonly (string | Buffer)[]): Buffer {
  const pieces: Buffer[] = [Buffer.from(`*${parts.length}\r\n`)];
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(pieces);
}
