import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/** Why a test was skipped, as it said itself. */
function reasonOf(test: TestCase): string {
  const result = test.result();
  return (result.state === 'skipped' ? result.note : undefined) ?? 'no reason given';
}

/**
 * Prints why tests were skipped, then `N passed, N failed` (and `, N skipped`) alone on the last line of a run.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    const reasons = new Map<string, number>();
    for (const module of modules) {
      // A file that does not load has no tests to fail, so its own errors are what counts.
      count.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        count[state] += 1;
        if (state !== 'skipped') continue;
        const reason = `${module.relativeModuleId}: ${reasonOf(test)}`;
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
    }
    const failed = count.failed + count.pending;
    const lines = [...reasons].map(([reason, tests]) => `skipped ${tests}: ${reason}\n`);
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    // After the default reporter, which is still to print its summary.
    setImmediate(() => {
      process.stdout.write(`${lines.join('')}${count.passed} passed, ${failed} failed${skipped}\n`);
    });
  }
}
