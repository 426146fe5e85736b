/**
 * Surrogates stand for the characters beyond U+FFFF, and so behind all others: their places are exchanged with those
 * of U+E000 to U+FFFF, which follow them among the code units.
 */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/**
 * The order of a listing: that of the bytes of the keys in UTF-8, which is that of their code points. JavaScript's own
 * comparison goes by UTF-16 code units and puts characters beyond U+FFFF elsewhere.
 *
 * @returns less than 0 when `a` comes first, more when `b` does, 0 when they are equal
 */
export function compareObjectKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}
