import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Package → the Holdfast packages that its sources may import, by their public entries. */
const PACKAGES: Record<string, readonly string[]> = {
  core: [],
  storage: ['core'],
  backups: ['core'],
};

const pure = ['model', 'errors'];
const ports = [...pure, 'secret', 'clock', 'serial', 'store'];
const decisions = [...pure, 'policies', 'rules'];
const engine = [
  ...decisions,
  ...ports,
  'process',
  'events',
  'future',
  'definition',
  'schedule',
  'reading',
  'engine',
];

/** Folder (or file) of packages/core/src → the others it may import. Imports point inward. */
const CORE: Record<string, readonly string[]> = {
  model: ['errors'],
  errors: ['model'],
  policies: pure,
  rules: [...pure, 'policies'],
  secret: pure,
  clock: pure,
  serial: [...pure, 'secret'],
  store: [...pure, 'clock', 'serial'],
  events: [...pure, 'clock', 'store'],
  future: [...pure, 'serial'],
  definition: [...decisions, 'secret', 'clock', 'serial', 'future'],
  schedule: [...pure, 'definition'],
  process: [...pure, 'secret', 'clock'],
  reading: [...pure, 'rules', 'serial', 'store'],
  engine: engine,
  callable: engine,
  decorators: [...engine, 'callable'],
  flow: [...engine, 'callable', 'decorators'],
  task: [...engine, 'callable', 'decorators'],
  collect: [...engine, 'decorators'],
  index: [...engine, 'flow', 'task', 'collect'],
  testing: [...engine, 'flow', 'task', 'index'],
};

/** These decide and describe: no I/O. Of Node they may use this. */
const PURE_FOLDERS = ['model', 'errors', 'policies', 'rules', 'reading'];
const PURE_BUILTINS = ['node:crypto'];

const root = fileURLToPath(new URL('..', import.meta.url));
const IMPORT =
  /^(?:import|export)\s(?:[^'";]*?\sfrom\s+)?'([^']+)'|^(?!\s*(?:\*|\/\/)).*?\bimport\(\s*'([^']+)'/gm;

interface Import {
  readonly file: string;
  readonly target: string;
}

function isTest(file: string): boolean {
  return /\.(test|test-d)\.ts$/.test(file);
}

function importsOf(folder: string): Import[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(IMPORT)].map((match) => ({
        file,
        target: match[1] ?? match[2] ?? '',
      })),
    );
}

function publicEntries(name: string): string[] {
  const manifest = JSON.parse(
    readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'),
  ) as {
    exports: Record<string, unknown>;
  };
  return Object.keys(manifest.exports).map((entry) => `@holdfast/${name}${entry.slice(1)}`);
}

function show({ file, target }: Import): string {
  return `${file} imports ${target}`;
}

describe.each(Object.entries(PACKAGES))('packages/%s', (name, allowed) => {
  const imports = importsOf(`packages/${name}/src`);
  const sources = imports.filter(({ file }) => !isTest(file));

  it('imports other packages by their public entries, and only those below it', () => {
    const entries = allowed.flatMap(publicEntries);
    const wrong = sources.filter(
      ({ target }) => target.startsWith('@holdfast/') && !entries.includes(target),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it('does not reach out of its folder by a relative path', () => {
    const home = `packages/${name}/`;
    const wrong = imports.filter(
      ({ file, target }) => target.startsWith('.') && !join(dirname(file), target).startsWith(home),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  it('keeps what is for tests out of its sources', () => {
    const testing = `packages/${name}/src/testing/`;
    const wrong = sources.filter(
      ({ file, target }) =>
        !file.startsWith(testing) &&
        (target === 'vitest' ||
          target.endsWith('/testing') ||
          resolve(root, dirname(file), target).startsWith(join(root, testing))),
    );
    expect(wrong.map(show)).toEqual([]);
  });
});

describe('packages/core/src', () => {
  const home = 'packages/core/src';
  const imports = importsOf(home).filter(({ file }) => !isTest(file));
  const folderOf = (path: string): string =>
    (relative(home, path).split('/')[0] ?? '').replace(/\.ts$/, '');

  it('has a line in the table for each of its folders', () => {
    const unknown = imports.map(({ file }) => folderOf(file)).filter((folder) => !(folder in CORE));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('points its imports inward', () => {
    const wrong = imports.filter(({ file, target }) => {
      if (!target.startsWith('.')) return false;
      const from = folderOf(file);
      const to = folderOf(join(dirname(file), target));
      return from !== to && !(CORE[from] ?? []).includes(to);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('keeps what decides and describes free of input and output', () => {
    const wrong = imports.filter(
      ({ file, target }) =>
        PURE_FOLDERS.includes(folderOf(file)) &&
        target.startsWith('node:') &&
        !PURE_BUILTINS.includes(target),
    );
    expect(wrong.map(show)).toEqual([]);
  });
});
