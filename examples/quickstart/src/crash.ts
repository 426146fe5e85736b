import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { spawn } from 'node:child_process';

/** How a program ended that was to be killed half way. */
export type Fate =
  | { readonly kind: 'killed'; readonly after: number }
  | { readonly kind: 'ended'; readonly code: number | null };

/** The longest wait between the program's first task and its death. */
const LATEST = 1_500;

/**
 * Runs this program as a child and kills it with SIGKILL, at a moment that chance picks and the child does
 * not know. No handler can run; nothing can be tidied up.
 *
 * @param args the child's arguments
 * @param latest the latest moment, in milliseconds after its first task began
 */
export async function killHalfWay(args: readonly string[], latest = LATEST): Promise<Fate> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const begun = Date.now();
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    process.stdout.write(text);
    // What is done cannot be killed half way.
    if (text.includes('Done in')) clearTimeout(timer);
    if (timer !== undefined || !text.includes(': Running')) return;
    timer = setTimeout(() => child.kill('SIGKILL'), randomInt(latest));
  });
  const [code, signal] = await exited;
  clearTimeout(timer);
  if (signal === 'SIGKILL') return { kind: 'killed', after: Date.now() - begun };
  return { kind: 'ended', code };
}
