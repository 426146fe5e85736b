// pnpm bench engine|storage|backups [section …] [--json] [--seconds 60] [--long]: ours and a baseline in turns, in one run; prints what was found. Nothing is asserted.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    long: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const [name = 'engine', ...sections] = positionals;
const program = `test/bench/${name}.ts`;

if (/^\w+$/.test(name) && existsSync(program)) {
  const args = ['--conditions=@holdfast/source', '--expose-gc', program, ...sections];
  if (values.json) args.push('--json');
  if (values.seconds !== undefined) args.push('--seconds', values.seconds);
  if (values.long) args.push('--long');
  process.exitCode = spawnSync('node', args, { stdio: 'inherit' }).status ?? 1;
} else {
  console.error(`There is no benchmark '${name}'. There are: engine, storage, backups.`);
  process.exitCode = 2;
}
