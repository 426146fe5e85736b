import type { Artifact } from '../../model/manifest.ts';
import { openedFile } from '../opened-file.ts';
import type { DumpFacts, RestoreGuide } from '../source.ts';
import type { FilesSpec } from './spec.ts';

/** The commands that bring a tree back with zstd and tar alone. */
export function treeGuide(
  spec: FilesSpec,
  facts: DumpFacts,
  artifacts: readonly Artifact[],
): RestoreGuide {
  const archive = artifacts.find((artifact) => artifact.plainName === `${spec.name}.tar`);
  const stored = openedFile(archive ?? { name: '', layers: [] });
  const sums = artifacts.find((artifact) => artifact.plainName === `${spec.name}.sha256`);
  const { fingerprint } = facts;
  const files = fingerprint.kind === 'tree' ? fingerprint.files : 0;
  const extras = ['acls', 'xattrs']
    .filter((name) => facts.tools.some(({ version }) => version.includes(name)))
    .map((name) => ` --${name}`)
    .join('');
  const check = `(cd restored && sha256sum --quiet -c - ) < ${openedFile(sums ?? { name: '', layers: [] })}`;
  return {
    programs: ['sha256sum', 'zstd', 'tar'],
    summary:
      `The tree of ${spec.path}, restored to the directory restored below this folder: ` +
      `${files} files. Run as root to have owners set. The last command prints the names of files that ` +
      'are not as they were, and nothing when all are.',
    commands: [
      'mkdir restored',
      `zstd -d -q -c ${stored} | tar --extract --file=- --directory=restored --numeric-owner --same-permissions${extras}`,
      // Without a single file the list is empty, which sha256sum takes for a fault.
      ...(files > 0 ? [check] : []),
    ],
  };
}
