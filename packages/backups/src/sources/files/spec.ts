import { resolve } from 'node:path';
import { checkName } from '../../model/names.ts';

/** A directory with everything below it. */
export interface FilesSpec {
  readonly kind: 'files';
  readonly name: string;
  /** Absolute path of the root directory. */
  readonly path: string;
  /** What is left out: see {@link fileTree}. */
  readonly exclude: readonly string[];
}

/**
 * Describes a file tree. Files, directories, symlinks (as such) and hard links are kept, with mode,
 * owner, times, and ACLs and extended attributes where GNU tar is there. Sockets, pipes and devices are
 * left out, with a warning that names them.
 *
 * @param options.name names the backup set and the artifacts
 * @param options.path the root; relative to the working directory of this call
 * @param options.exclude patterns with `*`, `?` and `**`. Without a slash a pattern is a name at any
 *   depth (`node_modules`, `*.tmp`); with one it is a path from the root (`cache/**`). A directory that
 *   matches is left out with all that is in it. Default: nothing is left out
 * @throws `BACKUP_NAME_INVALID`
 */
export function fileTree(options: {
  readonly name: string;
  readonly path: string;
  readonly exclude?: readonly string[];
}): FilesSpec {
  return {
    kind: 'files',
    name: checkName('source', options.name),
    path: resolve(options.path),
    exclude: [...(options.exclude ?? [])],
  };
}
