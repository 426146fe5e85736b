/** A text or bytes found in a value, and the way to it. */
export interface Leaf {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

function step(path: string, key: PropertyKey): string {
  if (typeof key === 'string' && IDENTIFIER.test(key)) return `${path}.${key}`;
  return `${path}[${typeof key === 'string' ? JSON.stringify(key) : String(key)}]`;
}

/** Members of a value, with hidden ones: a message, a stack, a cause are not enumerable. */
function* membersOf(path: string, value: object): Generator<[string, unknown]> {
  if (value instanceof Map) {
    for (const [key, each] of value) {
      yield [`${path} (key)`, key];
      yield [step(path, String(key)), each];
    }
  }
  if (value instanceof Set) {
    for (const each of value) yield [`${path} (member)`, each];
  }
  for (const key of Reflect.ownKeys(value)) {
    const at = step(path, key);
    yield [`${at} (name)`, typeof key === 'symbol' ? key.description : key];
    let member: unknown;
    try {
      member = Reflect.get(value, key);
    } catch {
      continue;
    }
    yield [at, member];
  }
  // An accessor of the prototype in some engines.
  if (value instanceof Error) yield [step(path, 'stack'), value.stack];
}

function bytesIn(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

/** Every text and all bytes that can be reached from a value: strings, names, errors with causes, Maps, Sets, Buffers. */
export function* leavesOf(root: unknown, rootPath: string): Generator<Leaf> {
  const seen = new Set<object>();
  const waiting: [string, unknown][] = [[rootPath, root]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, value] = next;
    if (typeof value === 'string') yield { path, bytes: Buffer.from(value) };
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
    if (seen.has(value)) continue;
    seen.add(value);
    const bytes = bytesIn(value);
    if (bytes === undefined) waiting.push(...membersOf(path, value));
    else yield { path, bytes };
  }
}
