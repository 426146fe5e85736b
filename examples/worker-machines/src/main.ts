import { createEngine } from '@holdfast/core';
import { report } from './report.ts';
import { sharedStore } from './store.ts';

// Asks for a report, or goes on with the one that an earlier process has begun: node main.ts <store>
const [place = 'runs.db'] = process.argv.slice(2);
const engine = createEngine({ store: sharedStore(place), flows: [report] });

const texts = ['one two three', 'four five', 'six', 'seven eight nine ten', 'eleven twelve'];
const { resumed } = await engine.recover();
const run = resumed[0] ?? (await engine.start(report, [texts]));
const result = await run.result();
console.log(JSON.stringify(result));
await engine.stop();
