import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadPackage } from '../../src/remote/load-package.ts';

/** Runs a program in a process in which a package is not to be found. */
function withoutPackage(name: string, program: string): string {
  const hooks = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier !== '${name}') return next(specifier, context);
        const error = new Error("Cannot find package '${name}' imported from here");
        throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
      },
    });`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=@holdfast/source',
      '--import',
      `data:text/javascript,${encodeURIComponent(hooks)}`,
      '--input-type=module',
      '--eval',
      program,
    ],
    { encoding: 'utf8', cwd: fileURLToPath(new URL('../..', import.meta.url)) },
  );
  expect(stderr).toBe('');
  return stdout;
}

const CALLS = `
  const tell = async (call) => {
    try {
      await call();
    } catch (error) {
      console.log(error.code, error.retryable, error.hint);
    }
  };
  await tell(() => store.head('a'));
  await tell(() => store.put('a', new Uint8Array(1)));
  await tell(async () => { for await (const info of store.list('')); });
  await tell(async () => { for await (const chunk of store.get('a')); });
  await store.close();
`;

describe('a package that is not installed', () => {
  it.each([
    [
      '@aws-sdk/client-s3',
      `import { s3ObjectStore } from '@holdfast/storage/s3';
       const store = s3ObjectStore({ bucket: 'b' });`,
    ],
    [
      '@azure/storage-blob',
      `import { azureObjectStore } from '@holdfast/storage/azure';
       const store = azureObjectStore({ account: 'a', container: 'b' });`,
    ],
  ])('%s: is named by every call, and nothing needs it before', (name, open) => {
    const told = withoutPackage(name, `${open}${CALLS}`);
    const line = `PACKAGE_MISSING false Install it beside @holdfast/storage: npm install ${name}\n`;
    expect(told).toBe(line.repeat(4));
  });
});

describe('loadPackage', () => {
  it('passes on what else may be wrong with a package', async () => {
    const broken = new Error('SyntaxError in it');
    await expect(loadPackage('a', 'me', () => Promise.reject(broken))).rejects.toBe(broken);
    const inner = Object.assign(new Error("Cannot find package 'b'"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    await expect(loadPackage('a', 'me', () => Promise.reject(inner))).rejects.toBe(inner);
    await expect(loadPackage('a', 'me', async () => 5)).resolves.toBe(5);
  });
});
