// `npm start`: server, console and demo data; everything after `--` goes to `geode serve`.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { buildConsole } from "./console.mjs";
import { node, root } from "./node.mjs";

buildConsole();
const geode = join(root, "packages", "server", "bin", "geode.mjs");
const child = spawn(node, [geode, "serve", "--demo", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
// The terminal sends Ctrl-C to both; this process only waits for the server's clean end.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
// A signal to npm ends npm's shell, but does not reach us: then we have another parent.
const parent = process.ppid;
setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 500).unref();
child.on("exit", (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
