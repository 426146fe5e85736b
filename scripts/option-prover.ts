// Runs tests for prove-options.ts, one job after the other, in one process that loads the runner and the sources once.
// Started with an IPC channel; a job names the tests, and the option that counts as left out.
import { resolve } from 'node:path';
import { createVitest } from 'vitest/node';
import type { TestModule } from 'vitest/node';
import { OPTIONS_CAN_BE_LEFT_OUT, WITHOUT_OPTION } from '../test/options/without-option.ts';

/** Tests to run. */
export interface Job {
  /** From the root of the repository. */
  readonly files: readonly string[];
  /** A test runs if this regular expression matches its name. */
  readonly pattern: string;
  /** `group.option`; all count as given if absent. */
  readonly leftOut?: string | undefined;
}

/** What became of a job. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** What went wrong, in the words of the tests. */
  readonly told: string;
}

/** Where an option is left out a test may wait for what never comes. In milliseconds. */
const LEFT_OUT_TIMEOUT = 4000;

process.env[OPTIONS_CAN_BE_LEFT_OUT] = 'yes';
const vitest = await createVitest('test', { watch: false, reporters: [{}] });
const usual = vitest.config.testTimeout;

async function run({ files, pattern, leftOut }: Job): Promise<Outcome> {
  // Every file of tests has a process of its own, which inherits this.
  if (leftOut === undefined) Reflect.deleteProperty(process.env, WITHOUT_OPTION);
  else process.env[WITHOUT_OPTION] = leftOut;
  for (const project of vitest.projects) {
    project.config.testTimeout = leftOut === undefined ? usual : LEFT_OUT_TIMEOUT;
  }
  vitest.setGlobalTestNamePattern(new RegExp(pattern));
  const wanted = new Set(files.map((file) => resolve(file)));
  const specifications = await vitest.globTestSpecifications([...wanted]);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(
    specifications.filter(({ moduleId }) => wanted.has(moduleId)),
  );
  const told = unhandledErrors.map((error) => (error as Partial<Error>).message ?? 'an error');
  const count = { passed: 0, failed: unhandledErrors.length };
  for (const module of testModules) add(module, count, told);
  return { ...count, told: told.join('\n') };
}

function add(module: TestModule, count: { passed: number; failed: number }, told: string[]): void {
  const suites = [module, ...module.children.allSuites()];
  for (const { message } of suites.flatMap((suite) => suite.errors())) {
    count.failed += 1;
    told.push(`${module.relativeModuleId}: ${message}`);
  }
  for (const test of module.children.allTests()) {
    const { state, errors } = test.result();
    if (state === 'passed') count.passed += 1;
    if (state !== 'failed') continue;
    count.failed += 1;
    told.push(`${module.relativeModuleId}: ${test.fullName}: ${errors?.[0]?.message}`);
  }
}

process.on('message', (job: Job) => {
  void run(job).then((outcome) => process.send?.(outcome));
});
process.on('disconnect', () => void vitest.close());
process.send?.('ready');
