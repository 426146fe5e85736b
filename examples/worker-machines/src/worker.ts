import { createEngine } from '@holdfast/core';
import { count } from './report.ts';
import { sharedStore } from './store.ts';

// As many of these as you like, on as many machines: node worker.ts <store>
const [place = 'runs.db'] = process.argv.slice(2);
const engine = createEngine({ store: sharedStore(place), tasks: [count] });
engine.events.on('state', ({ run, state }) => console.log(`${run.name}: ${state.name}`));

// What it has begun goes to another worker, at once; after a kill as soon as that is noticed.
process.on('SIGTERM', () => void engine.stop());

await engine.work({ queues: ['counting'], concurrency: 2 });
console.log('ready');
