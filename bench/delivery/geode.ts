import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configuredSecret, signToken, systemClock } from "@geode/server";
import type { Contestant, Entry } from "./contestant.ts";
import { GeodePage } from "./geode-page.ts";
import { ServerProcess } from "./server-process.ts";

const SECRET = "a secret of at least thirty-two bytes, for the bench";
const GEODE = fileURLToPath(new URL("../../packages/server/src/cli/main.ts", import.meta.url));

/** `geode serve` as it is, with its log on disk. */
export async function geode({ chatters, onFailure, port }: Entry): Promise<Contestant> {
  const directory = mkdtempSync(join(process.env["GEODE_BENCH_DIR"] ?? tmpdir(), "geode-race-"));
  const server = new ServerProcess({
    port,
    command: ["--conditions=source", GEODE, "serve", `--port=${port}`, `--data=${directory}`],
    env: { JWT_SECRET: SECRET },
    onFailure,
  });
  const secret = configuredSecret(SECRET);
  const tokens = await Promise.all(
    Array.from({ length: chatters }, (_, chatter) =>
      signToken({ user: `user ${chatter}`, ttlMs: 24 * 3_600_000 }, secret, systemClock),
    ),
  );
  return {
    server,
    open: (options) => new GeodePage({ ...options, token: tokens[options.chatter]! }),
    async close() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
