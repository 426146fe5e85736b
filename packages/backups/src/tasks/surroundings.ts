import { type ObjectStore, runContext } from '@holdfast/core';
import type { WorkOptions } from '../publish/create-backup.ts';
import { isBuiltIn, type KnownSource } from '../sources/known-sources.ts';
import { watchedStore } from './watched-store.ts';

/**
 * The object store that the engine was given under a name. What is written to it or read from it is told as
 * the run's progress, in stored bytes.
 *
 * @param total how many are expected; what is left, and how long it takes, can be told by it
 */
export function storeNamed(name: string, total?: number): ObjectStore {
  const context = runContext();
  let done = 0;
  return watchedStore(context.resource<ObjectStore>(name), (bytes) => {
    done += bytes;
    const expected = total === undefined ? {} : { total: Math.max(total, done) };
    context.progress({ done, ...expected, unit: 'bytes' });
  });
}

/**
 * What the present run gives to the work: its signal, children that are recorded for recovery, secrets, and
 * sources of other kinds from the engine's resources, where `source:<kind>` names them.
 */
export function surroundings(scratchRoot: string | undefined): WorkOptions {
  const context = runContext();
  return {
    signal: context.signal,
    startChild: (command, options) => context.startChild(command, options),
    secret: (secret) => context.secret(secret),
    sources: (kind) =>
      isBuiltIn(kind) ? undefined : context.resource<KnownSource>(`source:${kind}`),
    ...(scratchRoot === undefined ? {} : { scratchRoot }),
  };
}
