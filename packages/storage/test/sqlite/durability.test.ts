import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine, start } from './child-process.ts';
import { hasProgram, requires } from './environment.ts';
import { scratchDirectory } from './scratch.ts';

/** How often the log was synchronised between each pair of marks in a trace. */
function syncsPerSection(trace: string): { readonly kind: string; readonly syncs: number }[] {
  const sections: { kind: string; syncs: number }[] = [];
  let inside = false;
  for (const line of trace.split('\n')) {
    const mark = /write\(2[^"]*"\[(\w+)\]/.exec(line)?.[1];
    if (mark !== undefined) {
      inside = mark !== 'end';
      if (inside) sections.push({ kind: mark, syncs: 0 });
    } else if (inside && /f(data)?sync\(\d+<[^>]*-wal>/.test(line)) {
      (sections.at(-1) as { syncs: number }).syncs++;
    }
  }
  return sections;
}

describe('the durability of a commit', () => {
  it(`is fsync of the log for 'machine', and none for 'process'`, async ({ skip }) => {
    requires(hasProgram('strace', '-V'), 'strace', skip);
    const directory = await scratchDirectory();
    const trace = join(directory, 'trace');
    const traced = ['strace', '-f', '-y', '-o', trace, '-e', 'trace=fsync,fdatasync,write'];
    const child = start([...traced, ...commandLine('commit-each-way', join(directory, 'runs.db'))]);
    expect((await child.ended).by).toBe(0);
    const sections = syncsPerSection(await readFile(trace, 'utf8'));
    expect(sections).toEqual([
      { kind: 'process', syncs: 0 },
      { kind: 'machine', syncs: 10 },
      { kind: 'process', syncs: 0 },
      { kind: 'machine', syncs: 10 },
    ]);
  });
});
