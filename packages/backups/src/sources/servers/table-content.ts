import { createHash } from 'node:crypto';
import type { ObjectCount } from '../../model/fingerprint.ts';

function nameOf(table: string): string {
  return `content of ${table}`;
}

/**
 * What is kept of a table whose content was hashed, beside its rows: a count finds rows that are lost, and no value that
 * is another.
 *
 * @param hash of every row, in whatever form the kind of server gives it
 */
export function tableContent(table: string, rows: number, hash: string): ObjectCount {
  const sha256 = createHash('sha256').update(hash).digest('hex');
  return { objects: nameOf(table), count: rows, sha256 };
}

/** Whether a fingerprint has the content of a table. */
export function hasContent(objects: readonly ObjectCount[], table: string): boolean {
  return objects.some((one) => one.objects === nameOf(table));
}

/** What a fingerprint has of the content of these tables. */
export function contentOf(
  objects: readonly ObjectCount[],
  tables: readonly string[],
): readonly ObjectCount[] {
  const names = new Set(tables.map(nameOf));
  return objects.filter((one) => names.has(one.objects));
}

/** Objects in order of name. */
export function inOrder(objects: readonly ObjectCount[]): readonly ObjectCount[] {
  return objects.toSorted((a, b) => (a.objects < b.objects ? -1 : 1));
}
