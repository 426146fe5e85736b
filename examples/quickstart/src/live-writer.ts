import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startChild } from '@holdfast/core/process';

/** A second process that writes to the database while it is backed up. */
export interface LiveWriter {
  /** Ends it; gives how many rows it has written. */
  stop(): Promise<number>;
}

export async function startWriter(database: string): Promise<LiveWriter> {
  const program = fileURLToPath(new URL('writer.js', import.meta.url));
  const child = await startChild(process.execPath, { args: [program, database], stdin: 'pipe' });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the writer has no pipes');
  let printed = '';
  stdout.setEncoding('utf8');
  stdout.on('data', (text: string) => {
    printed += text;
  });
  await Promise.race([once(stdout, 'data'), child.done]);
  return {
    stop: async () => {
      stdin.end();
      await child.done;
      return Number(printed.trim().split('\n').at(-1));
    },
  };
}
