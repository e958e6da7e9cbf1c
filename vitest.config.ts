import { defineConfig } from "vitest/config";

// Tests run the sources directly through the "source" export condition; nothing needs building first.
const source = { conditions: ["source", "node", "import", "default"] };

export default defineConfig({
  resolve: source,
  ssr: { resolve: source },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "console/src/**/*.test.ts",
      "tests/**/*.test.ts",
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    setupFiles: ["./scripts/one-seed.ts"],
    pool: "forks",
    reporters: ["default", "./scripts/closing-line.ts"],
  },
});
