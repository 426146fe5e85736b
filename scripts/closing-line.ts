import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Prints `N passed, N failed` (and `, N skipped`) alone on the last line of a run. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      // A file that does not load has no tests to fail, so its own errors are what counts.
      count.failed += module.errors().length;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
      for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
    }
    const failed = count.failed + count.pending;
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    // After the default reporter, which is still to print its summary.
    setImmediate(() =>
      process.stdout.write(`${count.passed} passed, ${failed} failed${skipped}\n`),
    );
  }
}
