import { fileURLToPath } from 'node:url';

/** What the everyday suite and the long one have in common. */
export const shared = {
  // Packages find each other's sources: no build before a test. All else is found as Node finds it, which knows no
  // condition 'module': what is behind that is written for bundlers.
  ssr: {
    resolve: { conditions: ['@holdfast/source', 'node'] },
  },
  test: {
    // Threads and processes that a test starts run the sources natively, under the same condition.
    execArgv: ['--conditions=@holdfast/source'],
    // What a process has stripped of its types once, no other strips again: it starts in half the time, and without
    // WebAssembly (see test/built-worker.ts).
    env: {
      NODE_COMPILE_CACHE: fileURLToPath(
        new URL('node_modules/.cache/holdfast/compiled', import.meta.url),
      ),
    },
    // Tests share few cores with others; what hangs is told soon enough.
    testTimeout: 20_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
};

/** The usual output, then one line that is easy to read for a machine. */
export const reporters = [
  'default',
  fileURLToPath(new URL('scripts/closing-line.ts', import.meta.url)),
];
