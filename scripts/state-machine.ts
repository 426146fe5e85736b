// Writes docs/state-machine.md from the transition table; with --check it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stateMachinePage } from './state-machine-page.ts';

const file = fileURLToPath(new URL('../docs/state-machine.md', import.meta.url));
const page = stateMachinePage();
if (!process.argv.includes('--check')) {
  writeFileSync(file, page);
} else if (readFileSync(file, 'utf8') !== page) {
  console.error('docs/state-machine.md is not what the table says: run `pnpm docs:states`.');
  process.exit(1);
}
