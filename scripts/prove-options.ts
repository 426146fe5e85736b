// Leaves out one option after the other and runs the test that shows it, which must fail then and must pass otherwise.
// With names (`definition.timeout`) only those.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GROUPS, isGroup } from '../test/options/groups.ts';
import type { Proof } from '../test/options/proof.ts';
import { PROOFS } from '../test/options/proofs.ts';
import { WITHOUT_OPTION } from '../test/options/without-option.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const AT_ONCE = 2;

/** Where an option is left out a test may wait for what never comes. In milliseconds. */
const LEFT_OUT_TIMEOUT = 4000;

interface Result {
  readonly passed: number;
  readonly failed: number;
  /** What went wrong, as the runner says it. */
  readonly told: string;
}

/** Runs tests by file and title; `leftOut` counts as left out. */
function run(
  files: readonly string[],
  titles: readonly string[],
  leftOut?: string,
): Promise<Result> {
  const pattern = titles
    .map((title) =>
      title
        .replaceAll(/%[sid]/g, '~')
        .replaceAll(/[^\w\s~]/g, '.')
        .replaceAll('~', '.*'),
    )
    .join('|');
  const env = leftOut === undefined ? process.env : { ...process.env, [WITHOUT_OPTION]: leftOut };
  const limit = leftOut === undefined ? [] : [`--testTimeout=${LEFT_OUT_TIMEOUT}`];
  const child = spawn('vitest', ['run', ...new Set(files), '-t', pattern, ...limit], {
    cwd: root,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return new Promise((resolve) => {
    child.on('close', () => {
      const line = /^(\d+) passed, (\d+) failed/m.exec(output);
      const told = output.split('\n').filter((text) => /FAIL|Error: /.test(text));
      resolve({
        passed: Number(line?.[1] ?? 0),
        failed: Number(line?.[2] ?? 0),
        told: told.join('\n'),
      });
    });
  });
}

function chosen(): [which: string, proof: Proof][] {
  const wanted = process.argv.slice(2);
  return Object.keys(GROUPS)
    .filter(isGroup)
    .flatMap((group) =>
      Object.entries(PROOFS[group]).map(([option, proof]): [string, Proof] => [
        `${group}.${option}`,
        proof,
      ]),
    )
    .filter(([which]) => wanted.length === 0 || wanted.includes(which));
}

const queue = chosen();
const all = [...queue];
const problems: string[] = [];
const sound = await run(
  all.map(([, { file }]) => file),
  all.map(([, { test }]) => test),
);
if (sound.failed > 0 || sound.passed === 0) {
  problems.push(`the tests fail while nothing is left out\n${sound.told}`);
}

async function work(): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [which, { file, test }] = next;
    const { failed } = await run([file], [test], which);
    if (failed === 0) problems.push(`${which}: '${test}' (${file}) passes without it`);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, work));
for (const problem of problems) console.error(problem);
console.log(`${all.length} options left out in turn, ${problems.length} problem(s)`);
process.exit(problems.length === 0 ? 0 : 1);
