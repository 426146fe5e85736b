import { execFileSync } from 'node:child_process';
import { hash, randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import {
  type Backup,
  type BackupRef,
  createBackup,
  fileTree,
  parseManifest,
  sqliteSource,
  verifyBackup,
} from '@holdfast/backups';
import { isHoldfastError, memoryObjectStore, secret, type Secret } from '@holdfast/core';

/** What the flips showed. */
export interface FlipReport {
  /** How many bits were flipped, by the kind of file. */
  readonly flips: { readonly [kind: string]: number };
  /** Flips that a verification did not find: file, byte and bit. */
  readonly unfound: readonly string[];
  /** Of those in encrypted or compressed files, what a verification did not find with the hashes of these switched off. */
  readonly unfoundWithoutHashes: readonly string[];
  /** How many of these change nothing that comes out: bits that decoders are to ignore. */
  readonly ignored: number;
}

const store = memoryObjectStore();

async function read(key: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function makeDatabase(path: string): void {
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT)');
  const insert = db.prepare('INSERT INTO t (note) VALUES (?)');
  for (let row = 0; row < 400; row++) insert.run(`note ${row} of ${randomInt(1e9)}`);
  db.close();
}

/** A database as it is, and a tree that is encrypted: every layer, and every kind of file. */
async function makeBackups(root: string, recipient: string): Promise<readonly Backup[]> {
  const path = join(root, 'site');
  await mkdir(path);
  await writeFile(join(path, 'a.txt'), `content ${randomInt(1e9)}`);
  makeDatabase(join(root, 'orders.db'));
  const into = { store, storeName: 'memory', scratchRoot: join(root, 'scratch') };
  const database = sqliteSource({ name: 'orders', path: join(root, 'orders.db') });
  const tree = fileTree({ name: 'site', path });
  return [
    await createBackup({ ...into, source: database }),
    await createBackup({ ...into, source: tree, encryption: { recipients: [recipient] } }),
  ];
}

/** What the file alone gives, without a look at any hash: its own program's word on it. */
function opens(name: string, bytes: Buffer, identity: string): Buffer | undefined {
  try {
    const stdio: ['pipe', 'pipe', 'ignore'] = ['pipe', 'pipe', 'ignore'];
    if (name.endsWith('.age'))
      return execFileSync('age', ['-d', '-i', identity], { input: bytes, stdio });
    return zstdDecompressSync(bytes);
  } catch {
    return undefined;
  }
}

/**
 * A manifest that finds nothing wrong with an artifact as it is stored: the hash of its stored bytes is that of the
 * damaged ones, and there is none of what comes out. What is left are the checksums that zstd and age have in the file.
 */
function withoutHashes(text: string, name: string, stored: Buffer): string {
  interface Hashed {
    readonly sha256?: string;
    readonly artifacts: readonly { readonly name: string; readonly plainSha256?: string }[];
  }
  const { sha256: _, ...manifest } = JSON.parse(text) as Hashed;
  const artifacts = manifest.artifacts.map((artifact) => {
    const { plainSha256: __, ...rest } = artifact;
    return artifact.name === name ? { ...rest, storedSha256: hash('sha256', stored) } : artifact;
  });
  const body = { ...manifest, artifacts };
  const sha256 = hash('sha256', `${JSON.stringify(body, null, 2)}\n`);
  return `${JSON.stringify({ ...body, sha256 }, null, 2)}\n`;
}

/** One file of a backup. */
interface Target {
  readonly backup: Backup;
  readonly name: string;
}

async function targetsOf(backup: Backup): Promise<Target[]> {
  const manifest = parseManifest((await read(`${backup.path}manifest.json`)).toString(), 'k');
  const names = [...manifest.artifacts, ...manifest.documents].map(({ name }) => name);
  return [...names, 'manifest.json'].map((name) => ({ backup, name }));
}

async function isFound(backup: BackupRef, identity: Secret, scratchRoot: string): Promise<boolean> {
  const options = {
    backup,
    store,
    scratchRoot,
    identities: [identity],
    level: 'readable' as const,
  };
  try {
    await verifyBackup(options);
    return false;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'VERIFY_FAILED') return true;
    throw error;
  }
}

class Flips {
  readonly flips: Record<string, number> = {};
  readonly unfound: string[] = [];
  readonly unfoundWithoutHashes: string[] = [];
  ignored = 0;
  readonly #identity: string;
  readonly #scratchRoot: string;

  constructor(identity: string, scratchRoot: string) {
    this.#identity = identity;
    this.#scratchRoot = scratchRoot;
  }

  async flip({ backup, name }: Target): Promise<void> {
    const key = backup.path + name;
    const whole = await read(key);
    const flipped = Buffer.from(whole);
    const at = randomInt(whole.length);
    const bit = randomInt(8);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
    const where = `${name}, byte ${at} of ${whole.length}, bit ${bit}`;
    await store.put(key, flipped);
    const secretKey = secret(`file:${this.#identity}`);
    if (!(await isFound(backup, secretKey, this.#scratchRoot))) this.unfound.push(where);
    if (/\.(?:zst|age)$/.test(name)) {
      await this.#checkWithoutHashes({ backup, name }, whole, flipped, where);
    }
    await store.put(key, whole);
    const kind = name.replace(/^(?:orders|site)\./, '*.');
    this.flips[kind] = (this.flips[kind] ?? 0) + 1;
  }

  /** Whether a file is found to be damaged, which is in its place already, when no hash is there that tells. */
  async #isFoundWithoutHashes({ backup, name }: Target, stored: Buffer): Promise<boolean> {
    const key = `${backup.path}manifest.json`;
    const manifest = await read(key);
    await store.put(key, Buffer.from(withoutHashes(manifest.toString(), name, stored)));
    const { set, id } = backup;
    const secretKey = secret(`file:${this.#identity}`);
    try {
      return await isFound({ set, id }, secretKey, this.#scratchRoot);
    } catch (error) {
      // In the header of an age file it shows as an identity that does not fit.
      if (isHoldfastError(error) && error.code === 'IDENTITY_UNFIT') return true;
      throw error;
    } finally {
      await store.put(key, manifest);
    }
  }

  /** That nothing is found where nothing is damaged: whoever refuses everything finds every flip. */
  async control({ backup, name }: Target): Promise<void> {
    if (!/\.(?:zst|age)$/.test(name)) return;
    const whole = await read(backup.path + name);
    if (!(await this.#isFoundWithoutHashes({ backup, name }, whole))) return;
    throw new Error(`${name} is refused as it was`);
  }

  async #checkWithoutHashes(
    { backup, name }: Target,
    whole: Buffer,
    flipped: Buffer,
    where: string,
  ): Promise<void> {
    const plain = opens(name, whole, this.#identity);
    if (plain === undefined) throw new Error(`${name} does not open as it was`);
    if (await this.#isFoundWithoutHashes({ backup, name }, flipped)) return;
    // A bit that decoders are to ignore changes nothing that comes out: another program's word on it.
    if (opens(name, flipped, this.#identity)?.equals(plain) === true) {
      this.ignored += 1;
    } else this.unfoundWithoutHashes.push(where);
  }
}

/** Flips single bits at random, anywhere in two backups, one at a time, and verifies after each. */
export async function flipBits(count: number): Promise<FlipReport> {
  const root = await mkdtemp(join(tmpdir(), 'flipped-bits-'));
  try {
    const identity = join(root, 'key');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
    const backups = await makeBackups(root, recipient);
    const targets = (await Promise.all(backups.map(targetsOf))).flat();
    const flips = new Flips(identity, join(root, 'scratch'));
    for (const target of targets) await flips.control(target);
    for (let number = 0; number < count; number++) {
      await flips.flip(targets[number % targets.length] as Target);
    }
    return flips;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
