import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { createEngine, flow, task, transaction } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

/**
 * One process in the life of a flow that puts files in place, all or none, and writes what it does to `diary`:
 * `publish.ts <well | badly> <start | recover | limited> [<line at which it dies>]`. `limited` recovers as well, but takes up
 * no run that was under way.
 */
const [how = '', act = '', deadly = ''] = process.argv.slice(2);

/** Notes what is about to be done, and dies there if it is told to: nothing that follows comes about. */
function note(line: string): void {
  appendFileSync('diary', `${line}\n`);
  if (line === deadly) process.kill(process.pid, 'SIGKILL');
}

const put = task(
  async (name: string) => {
    note(`put ${name}`);
    writeFileSync(name, name);
    return name;
  },
  {
    name: 'put',
    onCommit: (name) => note(`commit ${name}`),
    onRollback: (name) => {
      note(`undo ${name}`);
      rmSync(name, { force: true });
    },
  },
);
const refuse = task(
  async () => {
    note('refuse');
    throw Object.assign(new Error('refused'), { code: 'E_REFUSED' });
  },
  { name: 'refuse' },
);
const publish = flow(
  async () =>
    transaction(async () => {
      await put('one');
      await transaction(() => put('two'), { name: 'inner' });
      await put('three');
      if (how === 'badly') await refuse();
      return 'published';
    }),
  { name: 'publish', ...(act === 'limited' ? { maxRecoveries: 0 } : {}) },
);

const engine = createEngine({ store: sqliteRunStore('runs.db'), flows: [publish], tasks: [put] });
const started = act === 'start' ? [await engine.start(publish, [])] : [];
const report = act === 'start' ? undefined : await engine.recover();
for (const handle of report?.resumed ?? started) {
  const outcome = await handle.outcome();
  console.log(outcome.ok ? outcome.value : (outcome.error as { code?: string }).code);
}
for (const id of report?.ended ?? []) {
  const { error } = (await (await engine.find(id)).state()) as { error?: { code?: string } };
  console.log(`ended: ${error?.code ?? 'well'}`);
}
await engine.stop();
