// Leaves out one option after the other and runs the test that shows it, which must fail then and must pass otherwise.
// With names (`definition.timeout`) only those.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { GROUPS, isGroup } from '../test/options/groups.ts';
import type { Proof } from '../test/options/proof.ts';
import { PROOFS } from '../test/options/proofs.ts';
import type { Job, Outcome } from './option-prover.ts';

const PROVERS = 2;

/** A process that runs tests, job by job. */
class Prover {
  readonly #child = fork(fileURLToPath(new URL('option-prover.ts', import.meta.url)), [], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  readonly #ended = once(this.#child, 'exit').then(([code]) => {
    throw new Error(`a process that runs tests has ended with ${code}`);
  });

  async started(): Promise<this> {
    await this.#answer();
    return this;
  }

  async run(proofs: readonly Proof[], leftOut?: string): Promise<Outcome> {
    const job: Job = {
      files: proofs.map(({ file }) => file),
      pattern: proofs.map(({ test }) => patternOf(test)).join('|'),
      leftOut,
    };
    this.#child.send(job);
    return (await this.#answer()) as Outcome;
  }

  end(): void {
    this.#ended.catch(() => {});
    this.#child.disconnect();
  }

  async #answer(): Promise<unknown> {
    const [message] = await Promise.race([once(this.#child, 'message'), this.#ended]);
    return message;
  }
}

/** Matches a test's title with its places filled in. */
function patternOf(title: string): string {
  return title
    .replaceAll(/%[sid]/g, '~')
    .replaceAll(/[^\w\s~]/g, '.')
    .replaceAll('~', '.*');
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

const all = chosen();
const queue = [...all];
const problems: string[] = [];
const provers = await Promise.all(Array.from({ length: PROVERS }, () => new Prover().started()));
const sound = await provers[0]!.run(all.map(([, proof]) => proof));
if (sound.failed > 0 || sound.passed === 0) {
  problems.push(`the tests fail while nothing is left out\n${sound.told}`);
}

async function work(prover: Prover): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [which, proof] = next;
    const { failed } = await prover.run([proof], which);
    if (failed === 0) problems.push(`${which}: '${proof.test}' (${proof.file}) passes without it`);
  }
  prover.end();
}

await Promise.all(provers.map(work));
for (const problem of problems) console.error(problem);
console.log(`${all.length} options left out in turn, ${problems.length} problem(s)`);
process.exit(problems.length === 0 ? 0 : 1);
