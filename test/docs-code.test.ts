import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })]
  .filter((page) => !/^docs\/api\/|node_modules/.test(page) && existsSync(join(root, page)))
  .toSorted();

interface Block {
  /** Of its first line of code, from 1. */
  readonly line: number;
  readonly info: string;
  readonly code: string;
  /** The file that it shows, if it shows one. */
  readonly example: string | undefined;
}

const EXAMPLE = /<!-- example: (?<path>\S+) -->\s*$/;
const FENCE = /^```(?<info>ts\b.*)\n(?<code>[^]*?)^```$/gm;

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(FENCE)].map((match) => {
    const before = text.slice(0, match.index);
    return {
      line: before.split('\n').length + 1,
      info: match.groups?.['info'] ?? '',
      code: match.groups?.['code'] ?? '',
      example: EXAMPLE.exec(before)?.groups?.['path'],
    };
  });
}

/** The blocks of a page as one module, each line at its place in the page. */
function moduleOf(blocks: readonly Block[]): string {
  const lines: string[] = [];
  for (const { line, code } of blocks) {
    while (lines.length < line - 1) lines.push('');
    lines.push(...code.trimEnd().split('\n'));
  }
  return `${lines.join('\n')}\nexport {};\n`;
}

/** A folder below docs/, where imports find the workspace's packages. */
function typeCheck(name: string, modules: ReadonlyMap<string, string>, options: object): string[] {
  const folder = join(root, 'docs/.cache', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [page, code] of modules) {
    writeFileSync(join(folder, `${page.replaceAll('/', '.')}.ts`), code);
  }
  const config = {
    extends: '../../../tsconfig.base.json',
    compilerOptions: {
      noEmit: true,
      composite: false,
      rewriteRelativeImportExtensions: false,
      lib: ['es2024', 'esnext.disposable', 'esnext.decorators'],
      ...options,
    },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = spawnSync('tsc', ['-p', folder, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  // An error in the sources is the build's to report; lines that begin with a space explain the one above.
  return stdout.split('\n').filter((line) => line !== '' && !/^(?:packages\/| )/.test(line));
}

const written = new Map(
  pages.flatMap((page) => {
    const blocks = blocksOf(page).filter(({ example }) => example === undefined);
    return blocks.length === 0 ? [] : [[page, blocks] as const];
  }),
);
const shown = pages.flatMap((page) =>
  blocksOf(page).flatMap(({ example, code }) =>
    example === undefined ? [] : [{ page, example, code }],
  ),
);

describe('the code in the documentation', () => {
  it('is well typed', { timeout: 60_000 }, () => {
    const modules = new Map([...written].map(([page, blocks]) => [page, moduleOf(blocks)]));
    expect(typeCheck('code', modules, {})).toEqual([]);
  });

  it('is well typed in the legacy dialect of decorators', { timeout: 60_000 }, () => {
    const decorated = [...written].filter(([, blocks]) =>
      blocks.some(({ info }) => info === 'ts decorators'),
    );
    const modules = new Map(decorated.map(([page, blocks]) => [page, moduleOf(blocks)]));
    const legacy = { experimentalDecorators: true, emitDecoratorMetadata: true };
    expect(modules.size).toBeGreaterThan(0);
    expect(typeCheck('code-legacy', modules, legacy)).toEqual([]);
  });

  it.each(shown)('is the text of $example in $page', ({ example, code }) => {
    expect(code).toBe(readFileSync(join(root, example), 'utf8'));
  });
});

/** The anchors that a page's headings have. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the links in the documentation', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```[^]*?^```$/gm, '');
    const broken = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(
      ([link, path = '', anchor]) => {
        const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
        const isThere = existsSync(target);
        const isFound = anchor === undefined || (isThere && anchorsOf(target).includes(anchor));
        return isThere && isFound ? [] : [link];
      },
    );
    expect(broken).toEqual([]);
  });
});
