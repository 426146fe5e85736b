import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** Builds the examples before the tests that run them: Node strips types, but not decorators. */
export function setup(): void {
  const projects = globSync('examples/*/tsconfig.json');
  const { status } = spawnSync('tsc', ['-b', ...projects], { stdio: 'inherit' });
  if (status !== 0) console.error('The examples do not build; their tests will say more.');
}
