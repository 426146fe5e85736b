/** Whether an object was made by a literal, `JSON.parse` or `Object.create(null)`, in whichever realm. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  // Another realm's Object.prototype; a class of its own that extends null has its constructor's name.
  const { constructor } = prototype as { constructor?: { name?: unknown } };
  return Object.getPrototypeOf(prototype) === null && constructor?.name === 'Object';
}
