import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { NightlyReport } from '@holdfast/backups';
import { isHoldfastError, type FlowHandle } from '@holdfast/core';
import { killHalfWay } from './crash.ts';
import { makeData } from './data.ts';
import { startWriter } from './live-writer.ts';
import { placeAt, type Place } from './place.ts';
import { programAt, type Program } from './program.ts';
import { tellBackups, tellCatalog, tellTasks } from './report.ts';
import { Screen } from './screen.ts';
import { number, quoted, span } from './text.ts';

const USAGE = `pnpm quickstart [--crash] [--dir DIRECTORY]

  A nightly backup of a live SQLite database and a file tree, proven by restoring it.
  --crash   the program is killed with SIGKILL half way; run it again without --crash
  --dir     where everything lies; default ./quickstart-data
`;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Takes up what an earlier process left, or begins a new night. */
async function begin(program: Program, screen: Screen): Promise<FlowHandle<NightlyReport>> {
  const since = Date.now();
  const { resumed } = await program.engine.recover();
  const [left] = resumed;
  if (left === undefined) return program.engine.start(program.nightly, []);
  screen.say(`Recovered the run that was cut off, ${span(Date.now() - since)} after the start.\n`);
  return left as FlowHandle<NightlyReport>;
}

async function tellEverything(
  place: Place,
  program: Program,
  handle: FlowHandle<NightlyReport>,
  report: NightlyReport,
): Promise<void> {
  await tellTasks(say, program.engine, handle.id);
  await tellBackups(say, place, program.primary, report);
  await tellCatalog(say, program);
}

async function night(place: Place): Promise<void> {
  say(`Everything lies in ${place.root}`);
  const { made } = await makeData(place);
  if (made) say('Made a database and a file tree there.');
  const writer = await startWriter(place.database);
  say('A second process keeps writing to the database.\n');
  const program = programAt(place);
  const screen = new Screen(process.stdout);
  screen.watch(program.engine);
  const begun = Date.now();
  try {
    const handle = await begin(program, screen);
    const report = await handle.result();
    screen.end();
    say(`\nDone in ${span(Date.now() - begun)}.`);
    if (screen.replayed.length > 0) say(`Not run again: ${screen.replayed.join(', ')}.`);
    await tellEverything(place, program, handle, report);
  } finally {
    await program.engine.stop();
    const written = await writer.stop();
    say(`\nMeanwhile ${number(written)} rows were written to the database.`);
  }
  say(`Remove everything with: rm -rf ${quoted(place.root)}`);
}

async function crash(place: Place): Promise<void> {
  const program = fileURLToPath(import.meta.url);
  for (;;) {
    const fate = await killHalfWay([program, '--dir', place.root]);
    if (fate.kind === 'killed') {
      say(`\nKilled with SIGKILL ${span(fate.after)} after its start.`);
      say('Run the quickstart again, without --crash: it goes on where this one was cut off.');
      return;
    }
    if (fate.code !== 0) throw new Error(`the program ended by itself, with code ${fate.code}`);
    say('\nIt was done before it could be killed. Once more:\n');
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      crash: { type: 'boolean', default: false },
      dir: { type: 'string', default: 'quickstart-data' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const place = placeAt(values.dir);
  await (values.crash ? crash(place) : night(place));
}

try {
  await main();
} catch (error) {
  const hint = isHoldfastError(error) && error.hint !== undefined ? `\n${error.hint}` : '';
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${hint}\n`);
  process.exitCode = 1;
}
