import type { Reporter, TestModule } from "vitest/node";

/** Ends the run with one plain line, `Tests: N passed, N failed, N skipped`, for machines that read logs. */
export default class ClosingLine implements Reporter {
  /** Files that have begun and not ended. */
  readonly #running = new Set<string>();
  #watch: NodeJS.Timeout | undefined;

  onTestModuleStart({ relativeModuleId }: TestModule): void {
    this.#running.add(relativeModuleId);
    this.#rewind();
  }

  onTestModuleEnd({ relativeModuleId }: TestModule): void {
    this.#running.delete(relativeModuleId);
    this.#rewind();
  }

  /** A run that stands still says what it waits for. */
  #rewind(): void {
    clearInterval(this.#watch);
    this.#watch = setInterval(() => {
      // oxlint-disable-next-line no-console -- a reporter's job
      console.log(
        `\nNothing ended for two minutes; still running: ${[...this.#running].join(", ")}`,
      );
    }, 120_000).unref();
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    clearInterval(this.#watch);
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
