import { createEngine } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { daily } from './daily.ts';

const engine = createEngine({ store: sqliteRunStore('runs.db'), flows: [daily] });
engine.events.on('state', ({ run, state }) => console.log(`${run.name}: ${state.name}`));
engine.events.on('replayed', ({ run }) => console.log(`${run.name}: not executed again`));

const { resumed } = await engine.recover();
const handle = resumed[0] ?? (await engine.start(daily, ['2026-01-05']));
console.log('total:', await handle.result());
await engine.stop();
