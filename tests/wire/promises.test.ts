import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/*
 * What has brought other servers down, or opened them, and where it is shown that it does not happen here. A test that is renamed or
 * taken away is missed here.
 */

/** Defects of samples that many have copied. */
const SAMPLES: Promises = {
  "a schema that none of the shapes in use fits": "a schema that accepts none of the shapes in use",
  "a schema compiled with every message": "a schema that is compiled with every message",
  "a rate limit whose first entry is never stored":
    "a rate limiter that never stores its first entry",
  "a rate limit that another connection resets":
    "a rate limiter that another connection, or a new one, resets",
  "a bad frame without anybody who listens": "one bad frame, or GET //, ends nothing but itself",
  "a token that is looked at once":
    "a token that was good when the connection opened, and is not any more",
  "any algorithm that fits the key": "a token of another algorithm",
  "a pool whose old entry's end removes the new one":
    "a pool whose old socket's close handler forgets the new one",
  "two tabs that push each other out": "two tabs of one user do not push each other out",
  "an idle timer that runs once": "an idle timer that runs once, and closes who only listens",
  "a broadcast without bounds": "a broadcast that fills the memory for one who has stopped reading",
  "acknowledgements that resolve nothing":
    "every message is acknowledged, and nothing is lost by a page that begins to count anew",
  "metrics that promtool refuses": "metrics without a final line break, which promtool refuses",
  "a compressor for each connection": "whatever a client's compressor makes is understood",
  "a proxy that hides who is there": "the server hears whose connection it is",
};

/** Ideas that found bugs elsewhere. */
const ATTACKS: Promises = {
  "AUTH as another user while subscriptions live": "AUTH as another user while subscriptions live",
  "interleaved requests of two principals": "1,000 interleaved requests of two principals",
  "a subscriber that is stopped, and then killed":
    "a subscriber that is stopped by a signal, and then killed",
  "100,000 times subscribe and unsubscribe":
    "100,000 subscriptions that come and go: the gauge is back at zero",
  "10,000 abrupt disconnects": "connections that are cut off in the middle of everything",
  "a permission that throws":
    "with a rule that fails hides what the rule protects, and lets writers be",
  "a hidden property as an oracle":
    "does not show hidden properties, in whatever way they are asked for",
  "an alias that shadows a name of the system": "an alias that shadows a name of the system",
  "many headers at the handshake": "many headers at the handshake",
  "`constructor` as the name of an extension": "as the name of an extension",
  "a deflate bomb": "a deflate bomb: 100 KB that would be 99 MB",
  "fragments by the 100,000": "fragments by the 100,000",
  "a slowloris handshake": "a slowloris handshake",
  "a half-open socket": "a half-open socket",
  "a token with exp: null": "a token with exp: null",
  "every example of JSON-RPC 2.0 §7": "rpc call Batch",
  "the same write twice on two connections":
    "the same write twice with one key on two connections is done once",
  "a clock that jumps":
    "a clock that jumps over the end of a token: not one more message is handled",
  "names that JavaScript knows":
    "names that JavaScript knows are ordinary ones, wherever a user chooses",
  "tokens in the log": "a token is never in the log, wherever it came, nor is what was asked",
  "a token renewed with other claims": "brings a statement that names $auth to what they give",
  "another policy, and many who watch": "hides at once what it hides",
};

/** What is promised, and a part of the title of the test that shows it. */
type Promises = Readonly<Record<string, string>>;

const root = new URL("../../", import.meta.url);
const SHOWN = ["packages/server/test", "packages/server/src", "packages/engine/src", "tests/wire"]
  .flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts") && !file.endsWith("promises.test.ts"))
      .map((file) => readFileSync(new URL(`${folder}/${file}`, root), "utf8")),
  )
  .join("\n");

describe("what others fell for is shown not to happen here", () => {
  test.each(Object.entries(SAMPLES))("%s", (_promise, title) => {
    expect(SHOWN).toContain(title);
  });

  test.each(Object.entries(ATTACKS))("%s", (_promise, title) => {
    expect(SHOWN).toContain(title);
  });
});
