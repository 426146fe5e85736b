import { describe, expect, test } from 'vitest';
import { startChild } from '../../src/process/index.ts';
import { rejection, startShell } from './support.ts';

describe('stderr', () => {
  test('is drained, however much comes', async () => {
    const child = await startShell('head -c 20000000 /dev/zero >&2; echo end >&2');
    await child.done;
    expect(child.stderrTail()).toMatch(/end\n$/);
  });

  test('is remembered in whole lines, 8 KiB of them', async () => {
    const child = await startShell('seq 1 100000 >&2');
    await child.done;
    const lines = child.stderrTail().trimEnd().split('\n').map(Number);
    expect(child.stderrTail().length).toBeLessThanOrEqual(8_192);
    expect(lines.length).toBeGreaterThan(1_000);
    expect(lines).toEqual(
      Array.from({ length: lines.length }, (_, i) => 100_001 - lines.length + i),
    );
  });

  test('is cut within a line that is longer, not within a character', async () => {
    const script = `process.stderr.write('é'.repeat(50_000) + 'x')`;
    const child = await startChild(process.execPath, { args: ['-e', script] });
    await child.done;
    expect(child.stderrTail()).toMatch(/^é+x$/);
    expect(Buffer.byteLength(child.stderrTail())).toBeGreaterThan(8_000);
  });

  test('is scrubbed, also where a secret stands across chunks, lines or the cut', async () => {
    const secret = `s3cr3t-${'k'.repeat(3_000)}`;
    const script = `
      const secret = process.env.TOKEN;
      for (let i = 0; i < 40; i += 1) process.stderr.write(secret.slice(0, 100)), process.stderr.write(secret.slice(100) + '\\n');
      process.exitCode = 1;`;
    const child = await startChild(process.execPath, {
      args: ['-e', script],
      env: { TOKEN: secret },
      scrub: (text) => text.replaceAll(secret, '[secret]'),
    });
    const error = await rejection(child.done);
    expect(child.stderrTail()).toMatch(/^(\[secret\]\n){2,}$/);
    expect(JSON.stringify(error)).not.toMatch(/s3cr3t|kkk/);
    expect(String(error)).not.toMatch(/s3cr3t|kkk/);
  });

  test('never shows the end of a key of many lines', async () => {
    const key = Array.from({ length: 40 }, (_, line) => `k${line}`.padEnd(64, 'k')).join('\n');
    const script = `for (let i = 0; i < 90; i += 1) console.error(process.env.KEY);`;
    const child = await startChild(process.execPath, {
      args: ['-e', script],
      env: { KEY: key },
      scrub: (text) => text.replaceAll(key, '[secret]'),
    });
    await child.done;
    expect(child.stderrTail()).toMatch(/^(\[secret\]\n){2,}$/);
  });

  test('is withheld when scrubbing fails', async () => {
    const scrub = (): string => {
      throw new Error('broken');
    };
    const child = await startShell('echo s3cr3t >&2; exit 1', { scrub });
    expect(JSON.stringify(await rejection(child.done))).not.toContain('s3cr3t');
  });
});
