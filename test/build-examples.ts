import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** Builds the examples before the tests that run them: Node strips types, but not decorators. */
export function setup(): void {
  const projects = globSync('examples/*/tsconfig.json');
  const compiled = spawnSync('tsc', ['-b', ...projects], { stdio: 'inherit' });
  const bundled = spawnSync('node', ['scripts/bundle.mjs'], { stdio: 'inherit' });
  if (compiled.status === 0 && bundled.status === 0) return;
  console.error('The examples do not build; their tests will say more.');
}
