// Everything a change has to pass, cheapest first; stops at the first stage that fails. `--without tests` leaves the tests
// to who runs them by themselves.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { without: { type: 'string', multiple: true } } });

const stages = [
  ['types and build', 'tsc -b && node scripts/bundle.mjs'],
  ['lint', 'oxlint'],
  ['format', 'oxfmt --check'],
  ['unused code and dependencies', 'knip --no-config-hints'],
  ['tests', 'vitest run'],
  ['options, each left out in turn', 'node scripts/prove-options.ts'],
  ['API reference', 'docs/node_modules/.bin/typedoc --options docs/typedoc.json'],
];

for (const [name, command] of stages) {
  if (values.without?.includes(name)) continue;
  console.log(`\n== ${name}: ${command}`);
  const start = performance.now();
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`== ${name}: ${status === 0 ? 'ok' : 'FAILED'} in ${seconds} s`);
  if (status !== 0) process.exit(1);
}
