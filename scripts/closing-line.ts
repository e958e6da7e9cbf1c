import type { Reporter, TestModule } from "vitest/node";

/** Ends the run with one plain line, `Tests: N passed, N failed, N skipped`, for machines that read logs. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      let ran = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        ran += 1;
        count[state === "pending" ? "failed" : state] += 1;
      }
      // A file that could not even be loaded is a failure too.
      if (module.state() === "failed" && (ran === 0 || module.errors().length > 0))
        count.failed += 1;
    }
    // oxlint-disable-next-line no-console -- a reporter's job
    console.log(
      `\nTests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`,
    );
  }
}
