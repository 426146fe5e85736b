import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import {
  type Backup,
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
  /** Of those in encrypted or compressed files, what another program did not find by the file alone, without any hash. */
  readonly unfoundWithoutHashes: readonly string[];
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

async function isFound(backup: Backup, identity: Secret, scratchRoot: string): Promise<boolean> {
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
    await store.put(key, whole);
    const kind = name.replace(/^(?:orders|site)\./, '*.');
    this.flips[kind] = (this.flips[kind] ?? 0) + 1;
    if (!/\.(?:zst|age)$/.test(name)) return;
    const given = opens(name, flipped, this.#identity);
    const same = given?.equals(opens(name, whole, this.#identity) ?? Buffer.alloc(0)) ?? true;
    // A bit that decoders are to ignore changes nothing that comes out.
    if (!same) this.unfoundWithoutHashes.push(where);
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
    for (let number = 0; number < count; number++) {
      await flips.flip(targets[number % targets.length] as Target);
    }
    return flips;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
