import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Float, GraphEdge, GraphNode, GraphPath } from "@geode/client";
import { LIMIT_NAMES, LIMITS } from "@geode/protocol";
import type { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ScriptTerminal } from "../../test/script-terminal.ts";
import { display, formatRows } from "./format.ts";
import { count, duration, list, parameter, port, rate, webSocketUrl } from "./options.ts";
import { geodeProgram } from "./program.ts";
import { limitAttribute, type ServeOptions } from "./serve.ts";
import { printable } from "./terminal.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "geode-cli-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("--help", () => {
  test.each([
    "",
    "serve",
    "token",
    "query",
    "policy",
    "import",
    "export",
    "backup",
    "restore",
    "check",
    "connections",
    "revoke",
  ])("geode %s", async (command) => {
    const terminal = new ScriptTerminal();
    const args = [...(command === "" ? [] : [command]), "--help"];
    await expect(geodeProgram(terminal).parseAsync(args, { from: "user" })).rejects.toMatchObject({
      exitCode: 0,
    });
    await expect(terminal.output).toMatchFileSnapshot(
      `../../test/help/${command === "" ? "geode" : command}.txt`,
    );
    expect(terminal.output).toContain("Example");
  });
});

describe("a wrong command line", () => {
  test.each([
    [["qurey", "RETURN 1"], "unknown command 'qurey'\n(Did you mean query?)"],
    [["query"], "missing required argument 'gql'"],
    [["query", "x", "--format", "xml"], "Allowed choices are table, json, csv."],
    [["query", "x", "--param", "novalue"], "It must be name=value."],
    [["serve", "--port", "70000"], "It must be a port number from 0 (any free one) to 65535."],
    [["serve", "--in-flight", "0"], "It must be a whole number of at least 1."],
    [["serve", "--rate-limit", "fast"], "It must be a number per time, such as 100/min or 50/s."],
    [["serve", "--prot", "1"], "unknown option '--prot'\n(Did you mean --port?)"],
    [
      ["query", "x", "--url", "localhost:8443"],
      "It must be an address such as ws://127.0.0.1:8443/ws.",
    ],
    [["query", "x", "--url", "nonsense"], "It must be an address such as"],
    [["token"], "required option '--user <id>' not specified"],
    [["token", "--user", "a", "--ttl", "1 hour"], "It must be a time such as 90s, 15m, 12h or 7d."],
  ])("%j is told what is wrong", async (args, message) => {
    const terminal = new ScriptTerminal();
    await expect(geodeProgram(terminal).parseAsync(args, { from: "user" })).rejects.toThrow();
    expect(terminal.errors).toContain(message);
    expect(terminal.errors).toContain("Add --help to see what is possible.");
  });
});

describe("option values", () => {
  test("a parameter is JSON if it is JSON, and text otherwise; the last one of a name counts", () => {
    const given = ["age=30", "name=Ann", 'zip="01234"', "code=01234", "$tags=[1]", "eq=a=b", "no="];
    const parameters = given.reduce<ReadonlyMap<string, unknown>>(
      (before, text) => parameter(text, before),
      new Map(),
    );
    expect([...parameters]).toEqual([
      ["age", 30],
      ["name", "Ann"],
      ["zip", "01234"],
      ["code", "01234"],
      ["tags", [1]],
      ["eq", "a=b"],
      ["no", ""],
    ]);
    expect(parameter("age=31", parameters).get("age")).toBe(31);
  });

  test("the address of the console is as good as that of the WebSocket", () => {
    expect(webSocketUrl("http://127.0.0.1:8443/#token=x")).toBe("ws://127.0.0.1:8443/ws");
    expect(webSocketUrl("https://geode.example")).toBe("wss://geode.example/ws");
    expect(webSocketUrl("ws://[::1]:9000/ws?client=a")).toBe("ws://[::1]:9000/ws?client=a");
  });

  test("times, rates, ports, counts and lists", () => {
    expect(["500ms", "90s", "15m", "12h", "7d"].map(duration)).toEqual([
      500, 90_000, 900_000, 43_200_000, 604_800_000,
    ]);
    expect(rate("100/min")).toEqual({ burst: 100, perSecond: 100 / 60 });
    expect(rate("5/s")).toEqual({ burst: 5, perSecond: 5 });
    expect([port("0"), port("65535"), count("1")]).toEqual([0, 65_535, 1]);
    expect(list(" https://a, ,https://b")).toEqual(["https://a", "https://b"]);
    for (const wrong of ["", "0s", "-1s", "1.5h", "1y", "9".repeat(20) + "d"]) {
      expect(() => duration(wrong), wrong).toThrow();
    }
  });
});

describe("where options come from", () => {
  /** The options that `serve` would run with. */
  async function served(args: readonly string[], env: Record<string, string> = {}) {
    const saved = { ...process.env };
    Object.assign(process.env, env);
    try {
      let options: ServeOptions | undefined;
      const program = geodeProgram(new ScriptTerminal(env));
      const serve = program.commands.find((command) => command.name() === "serve") as Command;
      serve.action((given: ServeOptions) => {
        options = given;
      });
      await program.parseAsync(["serve", ...args], { from: "user" });
      return options!;
    } finally {
      process.env = saved;
    }
  }
  const config = async (content: string) => {
    const path = join(directory, "geode.json");
    await writeFile(path, content);
    return path;
  };

  test("a flag wins over a variable, that over the config file, that over the default", async () => {
    const path = await config(
      '{"port": 1111, "host": "::1", "data": "from-file", "allowed-origins": ["https://a", "https://b"], "insecure": true, "in-flight": 7, "url": "ws://other"}',
    );
    const options = await served(["--config", path, "--port", "3333"], {
      GEODE_PORT: "2222",
      GEODE_HOST: "localhost",
    });
    expect(options).toMatchObject({
      port: 3333,
      host: "localhost",
      data: "from-file",
      allowedOrigins: ["https://a", "https://b"],
      insecure: true,
      inFlight: 7,
      durability: "durable",
      readers: 1,
    });
  });

  test.each([
    ["{", "is not JSON"],
    ["[]", "expected a JSON object of options"],
    ['{"prot": 1}', 'there is no option "prot"'],
    ['{"port": "high"}', '"port" is not valid. It must be a port number'],
    ['{"durability": "maybe"}', '"durability" is not valid'],
    ['{"readers": 65}', '"readers" is not valid. It must be a whole number from 0 to 64'],
    ['{"insecure": "yes"}', '"insecure" must be true or false'],
    ['{"__proto__": 1}', 'there is no option "__proto__"'],
  ])("a config file %s is refused: %s", async (content, message) => {
    await expect(served(["--config", await config(content)])).rejects.toThrow(message);
  });

  test.each([
    ["1", true],
    ["TRUE", true],
    ["0", false],
    ["false", false],
    ["", false],
  ])("the variable of a flag may say yes or no: %j", async (text, value) => {
    expect(await served([], { GEODE_DEMO: text })).toMatchObject({ demo: value });
    expect(await served(["--demo"], { GEODE_DEMO: text })).toMatchObject({ demo: true });
  });

  test("the variable of a flag cannot say anything else", async () => {
    await expect(served([], { GEODE_INSECURE: "perhaps" })).rejects.toThrow(
      'GEODE_INSECURE must be true or false, not "perhaps"',
    );
  });

  test("every limit is an option of serve, under the name that the server looks for", async () => {
    for (const name of LIMIT_NAMES) {
      const options = await served([`--${LIMITS[name].option}`, "12"]);
      expect(options[limitAttribute(name)], name).toBe(12);
    }
  });
});

describe("rows", () => {
  const node = new GraphNode("7", ["Person"], { name: "Ann\u001b[2J", $x: 1 });
  const other = new GraphNode("8", [], {});
  const edge = new GraphEdge({ id: "9", from: "7", to: "8" }, "KNOWS", { since: 2019 });
  const row = {
    text: 'a,"b"\nc',
    none: null,
    whole: 2n ** 60n,
    float: new Float(2),
    bytes: new Uint8Array([1, 2]),
    list: [1, null],
    node,
    path: new GraphPath([node, edge, other]),
  };
  const columns = Object.keys(row);

  test("as JSON, in the form of the protocol", () => {
    expect(JSON.parse(formatRows("json", columns, [row]))).toEqual([
      {
        text: 'a,"b"\nc',
        none: null,
        whole: { $int: "1152921504606846976" },
        float: { $float: "2.0" },
        bytes: { $bytes: "AQI=" },
        list: [1, null],
        node: { $id: "7", $labels: ["Person"], name: "Ann\u001b[2J", $$x: 1 },
        path: {
          $path: [
            { $id: "7", $labels: ["Person"], name: "Ann\u001b[2J", $$x: 1 },
            { $id: "9", $labels: ["KNOWS"], $from: "7", $to: "8", since: 2019 },
            { $id: "8", $labels: [] },
          ],
        },
      },
    ]);
    expect(formatRows("json", columns, [])).toBe("[]\n");
  });

  test("as CSV after RFC 4180, where null and the empty text differ", () => {
    expect(
      formatRows(
        "csv",
        ["a,b", "c"],
        [
          { "a,b": null, c: "" },
          { "a,b": 'x"y', c: 1.5 },
        ],
      ),
    ).toBe('"a,b",c\r\n,""\r\n"x""y",1.5\r\n');
  });

  test("as a table, in which nothing can rewrite the terminal", () => {
    const table = formatRows("table", ["node", "none"], [row]);
    expect(table).toContain('(:Person {name: "Ann\\u001b[2J", $x: 1})');
    expect(table).toContain("null");
    expect(table).not.toContain("\u001b");
    expect(display(row.path)).toContain("–[:KNOWS {since: 2019}]–");
    expect(printable("a\u202eb\u0007\n\t")).toBe("a\\u202eb\\u0007\\n\\t");
  });
});

test("the token is alone on the last line, and says to people what it is", async () => {
  const terminal = new ScriptTerminal({ JWT_SECRET: "x".repeat(40) });
  const args = ["token", "--user", "ann", "--role", "admin", "--role", "monitor", "--ttl", "90s"];
  await geodeProgram(terminal).parseAsync(args, { from: "user" });
  expect(terminal.output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const [, claims] = terminal.output.split(".");
  const { exp, iat, ...rest } = JSON.parse(Buffer.from(claims!, "base64url").toString()) as {
    exp: number;
    iat: number;
  };
  expect(rest).toEqual({
    sub: "ann",
    roles: ["admin", "monitor"],
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
  });
  expect(exp - iat).toBe(90);
  expect(terminal.errors).toContain("with the roles admin, monitor, valid until");
});

test("without a secret there is no token, and the command says where one could come from", async () => {
  const terminal = new ScriptTerminal();
  const args = ["token", "--user", "ann", "--data", join(directory, "none")];
  await expect(geodeProgram(terminal).parseAsync(args, { from: "user" })).rejects.toMatchObject({
    exitCode: 2,
    hint: expect.stringContaining("JWT_SECRET") as string,
  });
});

test("the documentation of imports shows commands that exist", async () => {
  const text = await readFile(new URL("../../docs/import.md", import.meta.url), "utf8");
  const importCommand = geodeProgram(new ScriptTerminal()).commands.find(
    (command) => command.name() === "import",
  )!;
  const known = new Set(importCommand.options.map((option) => option.long));
  for (const flag of text.match(/(?<=[\s`])--[a-z-]+/g) ?? []) expect(known, flag).toContain(flag);
});
