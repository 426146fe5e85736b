/**
 * Quotes a text as one word of a POSIX shell. Within single quotes nothing has a meaning but the single
 * quote itself (POSIX.1-2017, Shell Command Language, 2.2.2).
 */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
