import { parseArgs } from 'node:util';
import { runSections, type Sections } from './sections.ts';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, long: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const SECTIONS: Sections = {
  postgres: async () => (await import('./backups-postgres.ts')).postgresFigures(true),
  alone: async () => (await import('./backups-postgres.ts')).postgresFigures(false),
  tree: async () => (await import('./backups-tree.ts')).treeFigures(),
  verify: async () => (await import('./backups-tree.ts')).verifyFigures(),
  memory: async () => (await import('./backups-memory.ts')).memoryFigures(values.long),
  retention: async () => (await import('./backups-retention.ts')).retentionFigures(),
  catalog: async () => (await import('./backups-catalog.ts')).catalogFigures(),
};

await runSections(SECTIONS, positionals, values.json);
