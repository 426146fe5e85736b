/** Stands for a parameter: Kysely writes `?` for it, and the value is bound at each run. */
export const LATER = '' as never;

/** Placeholders for columns, in this order. */
export function each<C extends string>(...columns: C[]): Record<C, never> {
  return Object.fromEntries(columns.map((column) => [column, LATER])) as Record<C, never>;
}
