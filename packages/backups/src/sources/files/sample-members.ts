import type { TreeMember } from '../../model/fingerprint.ts';
import { chooseSample, type Sample } from '../../model/sample.ts';

/** The members of a tree that a sample takes, each hard link with the file that it is a name of. */
export function sampleMembers(members: readonly TreeMember[], sample: Sample): TreeMember[] {
  const chosen = chooseSample(
    members.map(({ path }) => path),
    sample,
  );
  for (const { path, type, target } of members) {
    if (type === 'hardlink' && target !== undefined && chosen.has(path)) chosen.add(target);
  }
  return members.filter(({ path }) => chosen.has(path));
}
