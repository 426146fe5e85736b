// Writes docs/options.md from the sources.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { optionsPage } from './options-page.ts';

writeFileSync(fileURLToPath(new URL('../docs/options.md', import.meta.url)), optionsPage());
