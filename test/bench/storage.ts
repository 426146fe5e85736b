import { parseArgs } from 'node:util';
import { runSections, type Sections } from './sections.ts';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
    long: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

const SECTIONS: Sections = {
  sqlite: async () => (await import('./shared-file.ts')).sharedFileFigures(Number(values.seconds)),
  claims: async () => (await import('./claims.ts')).claimsFigures(),
  dashboard: async () => (await import('./dashboard.ts')).dashboardFigures(),
  postgres: async () => (await import('./postgres.ts')).postgresFigures(),
  local: async () => (await import('./object-store-local.ts')).localFigures(),
  s3: async () => (await import('./object-store-s3.ts')).s3Figures(),
  sftp: async () => (await import('./object-store-sftp.ts')).sftpFigures(),
  memory: async () => (await import('./object-store-memory.ts')).memoryFigures(values.long),
};

await runSections(SECTIONS, positionals, values.json);
