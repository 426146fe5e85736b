import type { StoredLogEntry } from '../../store/run-notes.ts';
import type { Scope } from '../scope.ts';

const PAGE = 1000;

/** The newest lines of the top-level run and everything below it, oldest first. */
export async function lastLines(
  { execution, run }: Scope,
  count: number,
): Promise<readonly StoredLogEntry[]> {
  let last: readonly StoredLogEntry[] = [];
  let after = 0;
  for (;;) {
    const page = await execution.engine.store.logs({ rootId: run.rootId, after, limit: PAGE });
    last = [...last, ...page].slice(-count);
    after = page.at(-1)?.position ?? after;
    if (page.length < PAGE) return last;
  }
}
