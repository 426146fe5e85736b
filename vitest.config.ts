import { transform } from 'esbuild';
import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';
import { builtWorker } from './test/built-worker.ts';
import { WITHOUT_OPTION, withoutOption } from './test/options/without-option.ts';
import { reporters, shared } from './vitest.shared.ts';

const STANDARD_DECORATORS = '**/*.std.test.ts';

function project(
  name: string,
  include: string[],
  globalSetup: string[] = [],
): TestProjectInlineConfiguration {
  const exclude = ['**/node_modules/**', '**/dist/**', STANDARD_DECORATORS];
  return { extends: true, test: { name, include, exclude, globalSetup } };
}

function packageProject(name: string): TestProjectInlineConfiguration {
  return project(name, [`packages/${name}/{src,test}/**/*.test.ts`]);
}

/** The default transform lowers legacy decorators only; this one is for the standard kind. */
const lowerStandardDecorators = {
  name: 'lower-standard-decorators',
  enforce: 'pre' as const,
  transform(code: string, id: string) {
    if (!id.endsWith('.std.test.ts')) return undefined;
    return transform(code, {
      loader: 'ts',
      target: 'es2022',
      sourcefile: id,
      sourcemap: true,
      tsconfigRaw: {
        compilerOptions: { experimentalDecorators: false, verbatimModuleSyntax: true },
      },
    });
  },
};

const leftOut = process.env[WITHOUT_OPTION];

export default defineConfig({
  ...shared,
  plugins: [builtWorker(), ...(leftOut === undefined ? [] : [withoutOption(leftOut)])],
  test: {
    ...shared.test,
    reporters,
    // What is left out is no part of the cache's keys.
    ...(leftOut === undefined ? {} : { fsModuleCache: false }),
    coverage: { include: ['packages/*/src/**/*.ts'], exclude: ['**/*.test.ts', '**/*.test-d.ts'] },
    projects: [
      packageProject('core'),
      packageProject('storage'),
      packageProject('backups'),
      project(
        'workspace',
        ['test/**/*.test.ts', 'examples/**/*.test.ts'],
        ['test/build-examples.ts'],
      ),
      {
        extends: true,
        plugins: [lowerStandardDecorators],
        test: { name: 'decorators-standard', include: [STANDARD_DECORATORS] },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            tsconfig: 'tsconfig.types.json',
            include: ['{packages,test}/**/*.test-d.ts'],
            // A type error elsewhere is the build's to report.
            ignoreSourceErrors: true,
          },
        },
      },
    ],
  },
});
