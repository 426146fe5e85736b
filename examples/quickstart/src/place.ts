import { join, resolve } from 'node:path';

/** Where everything of the quickstart lies. */
export interface Place {
  readonly root: string;
  /** The SQLite database that is backed up. */
  readonly database: string;
  /** The file tree that is backed up. */
  readonly files: string;
  /** The object store that backups go to first. */
  readonly primary: string;
  /** The object store that keeps the copies. */
  readonly vault: string;
  /** The run store. */
  readonly runs: string;
  /** Where restores are tried. */
  readonly scratch: string;
}

export function placeAt(directory: string): Place {
  const root = resolve(directory);
  return {
    root,
    database: join(root, 'shop.db'),
    files: join(root, 'files'),
    primary: join(root, 'primary'),
    vault: join(root, 'vault'),
    runs: join(root, 'runs.db'),
    scratch: join(root, 'scratch'),
  };
}
