import { ensureProgram } from "./program.mjs";

export function ensurePromtool() {
  return ensureProgram({
    name: "promtool",
    purpose: "the test of /metrics",
    paths: [
      process.env.GEODE_PROMTOOL,
      "/usr/bin/promtool",
      "/usr/local/bin/promtool",
      "/opt/homebrew/bin/promtool",
    ],
    debianPackage: "prometheus",
    elsewhere: "install Prometheus and set GEODE_PROMTOOL to the path of its promtool",
  });
}
