import { parseArgs } from 'node:util';
import { print, type Figure } from './harness.ts';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
    long: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

/** Each is loaded, and its servers are started, when its turn comes. */
const SECTIONS: { readonly [name: string]: () => Promise<Figure[]> } = {
  sqlite: async () => (await import('./shared-file.ts')).sharedFileFigures(Number(values.seconds)),
  claims: async () => (await import('./claims.ts')).claimsFigures(),
  dashboard: async () => (await import('./dashboard.ts')).dashboardFigures(),
  postgres: async () => (await import('./postgres.ts')).postgresFigures(),
  local: async () => (await import('./object-store-local.ts')).localFigures(),
  s3: async () => (await import('./object-store-s3.ts')).s3Figures(),
  sftp: async () => (await import('./object-store-sftp.ts')).sftpFigures(),
  memory: async () => (await import('./object-store-memory.ts')).memoryFigures(values.long),
};

const wanted = positionals.length === 0 ? Object.keys(SECTIONS) : positionals;
const unknown = wanted.filter((name) => !Object.hasOwn(SECTIONS, name));
if (unknown.length > 0) {
  console.error(
    `There is no section ${unknown.join(', ')}. There are: ${Object.keys(SECTIONS).join(', ')}.`,
  );
  process.exit(2);
}
const figures: Figure[] = [];
for (const name of wanted) figures.push(...(await SECTIONS[name]!()));
print(figures, values.json);
