import { mkdir } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';
import type { TreeFingerprint, TreeMember } from '../../model/fingerprint.ts';
import type { Artifact, Manifest, ToolVersion } from '../../model/manifest.ts';
import { Meter } from '../../pipeline/meter.ts';
import { complaints } from '../../preflight/finding.ts';
import {
  type Comparison,
  type DumpFacts,
  type DumpStream,
  nameFiles,
  type Source,
  type StoredBackup,
} from '../source.ts';
import { sampleMembers } from './sample-members.ts';
import type { Workroom } from '../workroom.ts';
import { type ArchiveStream, gnuArchive, libraryArchive } from './archive-stream.ts';
import { compareTrees } from './compare-trees.ts';
import { extractTree } from './extract.ts';
import { extrasText, findGnuTar } from './gnu-tar.ts';
import { treeGuide } from './guide.ts';
import { checkRoot, judgeArchive, madeFromChange, type Verdict } from './judge.ts';
import { readMemberList, writeChecksums, writeMemberList } from './lists.ts';
import { MemberLog } from './member-log.ts';
import type { FilesSpec } from './spec.ts';
import { type Walk, walkTree, locateRoot } from './walk.ts';

interface Archiver {
  readonly tool: ToolVersion;
  open(walk: Walk): Promise<ArchiveStream>;
}

async function chooseArchiver(room: Workroom): Promise<Archiver> {
  const tar = await findGnuTar(room);
  if (tar === undefined) {
    return {
      tool: { name: 'node-tar', version: '7' },
      open: (walk) => libraryArchive(walk.root, walk.found, room),
    };
  }
  return {
    tool: { name: 'GNU tar', version: [tar.version, extrasText(tar)].join(' ').trim() },
    open: (walk) => gnuArchive(tar, walk.root, walk.found, room),
  };
}

/** A walk that becomes an archive: the verdict is there when the bytes have ended. */
class TreeDump {
  readonly log: MemberLog;
  verdict: Verdict | undefined;
  readonly #walk: Walk;

  constructor(walk: Walk, signal: AbortSignal) {
    this.#walk = walk;
    this.log = new MemberLog({ signal });
  }

  async *bytes(archiver: Archiver): AsyncGenerator<Uint8Array, void, void> {
    const archive = await archiver.open(this.#walk);
    try {
      yield* this.log.through(archive.bytes);
    } catch (error) {
      await checkRoot(this.#walk);
      throw madeFromChange(this.#walk.root, error);
    }
    const end = await archive.end();
    this.verdict = await judgeArchive(this.#walk, this.log, end);
  }
}

function contentBytes(members: readonly TreeMember[]): number {
  return members.reduce((sum, member) => sum + (member.bytes ?? 0), 0);
}

function fingerprintOf(
  spec: FilesSpec,
  members: readonly TreeMember[],
  list: Meter,
): TreeFingerprint {
  return {
    kind: 'tree',
    members: members.length,
    files: members.filter((member) => member.type === 'file').length,
    bytes: contentBytes(members),
    membersSha256: list.measure().sha256,
    memberList: memberListName(spec),
  };
}

function memberListName(spec: FilesSpec): string {
  return `${spec.name}.members.jsonl`;
}

function expectedBytes(walk: Walk): number {
  return walk.found.reduce(
    (sum, one) => sum + 1024 + (one.type === 'file' ? one.facts.held : 0),
    0,
  );
}

async function* dump(spec: FilesSpec, room: Workroom): AsyncGenerator<DumpStream, DumpFacts, void> {
  const archiver = await chooseArchiver(room);
  const walk = await walkTree(spec, room.signal);
  const tree = new TreeDump(walk, room.signal);
  yield {
    plainName: `${spec.name}.tar`,
    layers: ['zstd'],
    bytes: tree.bytes(archiver),
    expectedBytes: expectedBytes(walk),
  };
  const { verdict, log } = tree;
  if (verdict === undefined) throw new Error('the archive was not read to its end');
  const list = new Meter();
  // Plain: a shell must be able to read it as it is.
  yield { plainName: `${spec.name}.sha256`, layers: [], bytes: writeChecksums(log.members) };
  yield {
    plainName: memberListName(spec),
    layers: ['zstd'],
    bytes: list.through(writeMemberList(log.members)),
  };
  return {
    fingerprint: fingerprintOf(spec, log.members, list),
    tools: [archiver.tool],
    warnings: verdict.warnings,
    changed: nameFiles(verdict.changed),
    vanished: nameFiles(verdict.vanished),
  };
}

function artifactNamed(manifest: Manifest, plainName: string): Artifact {
  const artifact = manifest.artifacts.find((one) => one.plainName === plainName);
  if (artifact !== undefined) return artifact;
  throw new HoldfastError('MANIFEST_INVALID', `The backup ${manifest.id} has no ${plainName}.`, {
    retryable: false,
  });
}

/** @throws `MANIFEST_INVALID` it is not the list that the fingerprint tells of */
async function membersOf(backup: StoredBackup): Promise<TreeMember[]> {
  const { manifest } = backup;
  const { fingerprint } = manifest;
  if (fingerprint.kind !== 'tree') {
    throw new HoldfastError(
      'MANIFEST_INVALID',
      `The backup ${manifest.id} has no tree's fingerprint.`,
      {
        retryable: false,
      },
    );
  }
  const list = new Meter();
  const listed = artifactNamed(manifest, fingerprint.memberList);
  const members = await readMemberList(list.through(backup.read(listed)));
  if (list.measure().sha256 === fingerprint.membersSha256) return members;
  throw new HoldfastError(
    'MANIFEST_INVALID',
    `${listed.name} is not the list of the fingerprint.`,
    {
      retryable: false,
    },
  );
}

async function restore(backup: StoredBackup, to: string, room: Workroom): Promise<void> {
  const { manifest, sample } = backup;
  const only = sample === undefined ? undefined : sampleMembers(await membersOf(backup), sample);
  await mkdir(to);
  const archive = backup.read(artifactNamed(manifest, `${manifest.source.name}.tar`));
  await extractTree(archive, to, room, only);
}

async function compare(backup: StoredBackup, at: string, room: Workroom): Promise<Comparison> {
  return compareTrees(await membersOf(backup), at, room.signal, backup.sample);
}

/** Dumps, restores and compares file trees: tar as an archive, hashes from the archive as it passes. */
export const files: Source<FilesSpec> = {
  kind: 'files',
  identity: (spec) => ({ path: spec.path, exclude: spec.exclude }),
  dump,
  restore,
  compare,
  guide: treeGuide,
  preflight: (spec, room) => complaints(room.signal, () => locateRoot(spec.path)),
};
