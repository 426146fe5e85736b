import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { stateMachinePage } from '../scripts/state-machine-page.ts';

const page = fileURLToPath(new URL('../docs/state-machine.md', import.meta.url));

it('docs/state-machine.md says what the table says: `pnpm docs:states` writes it anew', () => {
  expect(readFileSync(page, 'utf8')).toBe(stateMachinePage());
});
