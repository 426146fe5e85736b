// pnpm bench engine [--json]: ours and a baseline in turns, in one run; prints what was found. Nothing is asserted.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [name = 'engine'] = positionals;
const program = `test/bench/${name}.ts`;

if (/^\w+$/.test(name) && existsSync(program)) {
  const args = ['--conditions=@holdfast/source', '--expose-gc', program];
  if (values.json) args.push('--json');
  process.exitCode = spawnSync('node', args, { stdio: 'inherit' }).status ?? 1;
} else {
  console.error(`There is no benchmark '${name}'. There is: engine.`);
  process.exitCode = 2;
}
