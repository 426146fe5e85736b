// Joins the compiled modules of core into few files, after `tsc -b`: a module takes Node about as long to find and open as
// the code in it takes to run, and core has hundreds. What few programs use stays in files of its own, loaded when it is.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import manifest from '../packages/core/package.json' with { type: 'json' };

const core = new URL('../packages/core/', import.meta.url).pathname;
const bundle = 'dist/bundle';
// `./dist/bundle/process/index.js` is made of `./dist/process/index.js`.
const entryPoints = Object.values(manifest.exports).map(({ default: entry }) =>
  entry.replace(`${bundle}/`, 'dist/'),
);

rmSync(core + bundle, { recursive: true, force: true });
await build({
  absWorkingDir: core,
  entryPoints,
  outbase: 'dist',
  outdir: bundle,
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node22.18',
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
});
