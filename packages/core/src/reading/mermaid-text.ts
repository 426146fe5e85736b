/** Longer labels are cut: Mermaid refuses a text of more than 50,000 characters as a whole. */
const LONGEST = 80;
/** So are those that take much to write. */
const MOST_WRITTEN = 110;

/** What means nothing to Mermaid wherever it stands: everything else is written as the number of its character. */
const PLAIN = /[\p{L}\p{N} _.,/×·…-]/u;

/** A text of users, cut to a length of characters, on one line, without control characters. */
export function oneLine(text: string, longest: number = LONGEST): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  const characters = Array.from(line);
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : line;
}

/**
 * A text of users as part of a Mermaid label: brackets, quotes, HTML, backticks, semicolons and the like become
 * entity codes (`#34;`), which Mermaid shows as the characters they stand for.
 */
export function mermaidText(text: string): string {
  let written = '';
  for (const character of oneLine(text)) {
    if (written.length > MOST_WRITTEN) return `${written}…`;
    written += PLAIN.test(character) ? character : `#${character.codePointAt(0)};`;
  }
  return written;
}
