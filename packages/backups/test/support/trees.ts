import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Names that shells, tar and sha256sum stumble over. */
const AWKWARD = [
  '-rf',
  '--checkpoint-action=exec=false',
  '@list',
  '-',
  'two  spaces ',
  'line\nfeed',
  'carriage\rreturn',
  'tab\tname',
  `quotes ' " and $(false) \`false\``,
  'back\\slash\\n',
  'emoji 😀',
  'decomposed e\u0301',
  'composed \u00e9',
  `${'long-'.repeat(30)}\n😀`,
  '*',
  '~',
  '#hash',
];

/** Makes a tree with awkward names, links, empty directories and modes. */
export async function makeTree(root: string): Promise<void> {
  await mkdir(join(root, 'sub dir', 'empty'), { recursive: true });
  for (const name of AWKWARD) {
    await writeFile(join(root, name), `content of ${name}`);
    await writeFile(join(root, 'sub dir', name), '');
  }
  await writeFile(join(root, 'big.bin'), Buffer.alloc(3_000_000, 'holdfast '));
  await writeFile(join(root, 'script.sh'), 'exit 0\n');
  await chmod(join(root, 'script.sh'), 0o751);
  await writeFile(join(root, 'hard-a'), 'linked');
  await link(join(root, 'hard-a'), join(root, 'sub dir', 'hard-b'));
  await symlink('big.bin', join(root, 'relative-link'));
  await symlink('/nowhere/at all', join(root, 'dangling'));
  await symlink('..', join(root, 'sub dir', 'up'));
  await chmod(join(root, 'sub dir', 'empty'), 0o700);
}

/** Compares two trees with the tools of the system: names, types, modes, targets, contents. */
export function describeTree(root: string): string {
  return execFileSync(
    'sh',
    [
      '-c',
      `find . -printf '%P\\0%y\\0%m\\0%l\\0%n\\n' | LC_ALL=C sort
       find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`,
    ],
    { cwd: root, encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 },
  );
}
