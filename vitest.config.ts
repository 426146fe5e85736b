import { transform } from 'esbuild';
import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';
import { builtWorker } from './test/built-worker.ts';
import { OPTIONS_CAN_BE_LEFT_OUT, withoutOptions } from './test/options/without-option.ts';
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

const canBeLeftOut = process.env[OPTIONS_CAN_BE_LEFT_OUT] !== undefined;

const types: TestProjectInlineConfiguration = {
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
};

export default defineConfig({
  ...shared,
  plugins: [builtWorker(), ...(canBeLeftOut ? [withoutOptions()] : [])],
  test: {
    ...shared.test,
    reporters,
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
      ...(canBeLeftOut ? [] : [types]),
    ],
  },
});
