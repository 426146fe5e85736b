// pnpm bench engine|storage|backups [--json] [--seconds 60]: ours and a baseline in turns, in one run; prints what was found. Nothing is asserted.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, seconds: { type: 'string' } },
  allowPositionals: true,
});
const [name = 'engine'] = positionals;
const program = `test/bench/${name}.ts`;

if (/^\w+$/.test(name) && existsSync(program)) {
  const args = ['--conditions=@holdfast/source', '--expose-gc', program];
  if (values.json) args.push('--json');
  if (values.seconds !== undefined) args.push('--seconds', values.seconds);
  process.exitCode = spawnSync('node', args, { stdio: 'inherit' }).status ?? 1;
} else {
  console.error(`There is no benchmark '${name}'. There are: engine, storage, backups.`);
  process.exitCode = 2;
}
