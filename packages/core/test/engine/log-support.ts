import { expect } from 'vitest';
import {
  flow,
  runContext,
  type EngineOptions,
  type Logger,
  type StoredLogEntry,
} from '@holdfast/core';
import { bench, type Bench } from './support.ts';

/** What is kept below the only top-level run, as `task level message`. */
export async function linesOf({ engine }: Bench, filter = {}): Promise<string[]> {
  const [root] = await engine.runs({ topLevel: true });
  if (root === undefined) throw new Error('there is no run');
  const names = new Map((await engine.below(root.id)).map(({ id, name }) => [id, name]));
  const lines = await engine.logs(root.id, filter);
  return lines.map(
    ({ runId, level, message }) => `${names.get(runId) ?? root.name} ${level} ${message}`,
  );
}

/** A logger of a host, and what it was handed. */
export function hostLogger(): { readonly lines: unknown[][]; readonly logger: Logger } {
  const lines: unknown[][] = [];
  const at = (level: string) =>
    Object.assign((...parts: unknown[]) => void lines.push([level, ...parts]), {});
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { lines, logger };
}

/** What is kept of what a flow logs that completes. */
export async function keptLines(
  log: (logger: Logger) => void,
  options: Partial<EngineOptions> = {},
): Promise<readonly StoredLogEntry[]> {
  const b = bench(options);
  await b.engine.run(flow(async () => log(runContext().logger), { name: 'f' }));
  const [root] = await b.engine.runs({});
  expect(root?.state.type).toBe('COMPLETED');
  return b.engine.logs(root!.id);
}
