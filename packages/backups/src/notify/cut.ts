const DOTS = '…';

/** Cuts a text to so many UTF-16 units, never within a character; what was cut shows. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most - DOTS.length);
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}${DOTS}`;
}

/** Cuts a text to so many bytes of UTF-8, never within a character; what was cut shows. */
export function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most - Buffer.byteLength(DOTS);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end) + DOTS;
}

/** The lines after the first. */
export function afterFirstLine(text: string): string {
  const at = text.indexOf('\n');
  return at === -1 ? '' : text.slice(at + 1);
}
