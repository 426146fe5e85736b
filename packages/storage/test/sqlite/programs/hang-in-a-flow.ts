/** Executes a flow that hangs, and waits to be killed. */
import { engineOn, kept } from '../kept-flow.ts';

process.env['HANGS'] = 'yes';
await engineOn(process.argv[2] ?? '').run(kept, [5000]);
