/**
 * Throws unless a value survives `JSON.stringify` and `JSON.parse` unchanged. −0 passes and comes back
 * as 0; a property that is `undefined` passes and comes back absent.
 *
 * @param place what the value is, for the message: the path to a wrong part is appended to it
 * @param refuse makes the error to throw
 */
export function assertJson(value: unknown, place: string, refuse: (what: string) => Error): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      break;
    case 'object':
      if (value === null) return;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) assertJson(value[i], `${place}[${i}]`, refuse);
        return;
      }
      if (!isPlain(value)) break;
      for (const key of Object.keys(value)) {
        const member = (value as Record<string, unknown>)[key];
        if (member !== undefined) assertJson(member, `${place}.${key}`, refuse);
      }
      return;
    default:
  }
  throw refuse(`${place} is not JSON`);
}

/** An object made by a literal, `JSON.parse` or `Object.create(null)`, of whichever realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  const { toJSON } = value as { toJSON?: unknown };
  return Object.getPrototypeOf(prototype) === null && typeof toJSON !== 'function';
}
