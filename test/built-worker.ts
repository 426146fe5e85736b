import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LINK = '/packages/storage/src/sqlite/worker-link.ts';
const SOURCE = 'packages/storage/src/sqlite/worker.ts';
const NAMED = "'./worker.ts'";

/** Bundles the program of the SQLite store's thread. Its name tells its content, so that test runs may share it. */
function buildWorker(): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [SOURCE],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    sourcemap: 'inline',
    conditions: ['@holdfast/source'],
  });
  const [built] = outputFiles;
  if (built === undefined) throw new Error(`${SOURCE} does not build`);
  const content = createHash('sha256').update(built.contents).digest('hex').slice(0, 16);
  const directory = join(ROOT, 'node_modules/.cache/holdfast');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `sqlite-worker-${content}.js`);
  // Another test run may be reading it.
  writeFileSync(`${file}.${process.pid}`, built.contents);
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

/**
 * Lets tests run the thread of the SQLite store as JavaScript, as those who install the package do. Node strips types by
 * WebAssembly, in each thread by an instance of its own, which takes a thread six times as long to start; and where many
 * threads begin and end V8 now and then ends the whole process over it (SIGTRAP).
 */
export function builtWorker() {
  const file = buildWorker();
  return {
    // Vitest keeps transformed modules by the names of the plugins.
    name: `thread ${file}`,
    enforce: 'pre' as const,
    transform(code: string, id: string) {
      if (!id.split('?')[0]?.endsWith(LINK)) return undefined;
      if (!code.includes(NAMED)) throw new Error(`${LINK} does not name ${NAMED}`);
      return { code: code.replace(NAMED, `'${pathToFileURL(file).href}'`), map: null };
    },
  };
}
