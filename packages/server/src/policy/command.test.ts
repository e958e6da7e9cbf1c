import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "@geode/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SECRET } from "../../test/running-server.ts";
import { ScriptTerminal } from "../../test/script-terminal.ts";
import { signToken } from "../auth/token.ts";
import { systemClock } from "../clock.ts";
import { Server } from "../server.ts";
import { runPolicy } from "./command.ts";

let database: Database;
let server: Server;
let directory: string;
let url: string;

beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret: SECRET, port: 0 });
  url = `${server.url.replace(/^http/, "ws")}/ws`;
  directory = await mkdtemp(join(tmpdir(), "geode-policy-"));
});
afterEach(async () => {
  await server.close();
  await database.close();
  await rm(directory, { recursive: true });
});

async function policy(action: string, file?: string, roles = ["admin"]): Promise<ScriptTerminal> {
  const terminal = new ScriptTerminal();
  const token = await signToken({ user: "root", roles, ttlMs: 60_000 }, SECRET, systemClock);
  await runPolicy(action, file, { url, token, data: directory }, terminal);
  return terminal;
}

async function saved(text: string, name = "policy.yaml"): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const YAML = `# who sees what
roles:
  member:
    graphs: { default: [read] }
    read:
      - { label: Note, where: "n.owner = $auth.id" }
`;

describe("geode policy", () => {
  test("applies a file, shows what holds, and takes it away", async () => {
    const applied = await policy("apply", await saved(YAML));
    expect(applied.output).toBe(`The policy holds since commit ${database.seq}.\n`);
    const shown = await policy("show");
    expect(shown.output).toContain("where: n.owner = $auth.id");
    const { seq } = database;
    await policy("apply", await saved(shown.output, "again.yaml"));
    expect(database.seq, "what is shown is what was applied").toBe(seq);
    const removed = await policy("remove");
    expect(removed.output).toBe(`There is no policy any longer, since commit ${seq + 1}.\n`);
    expect((await policy("show")).errors).toMatch(/^There is no policy/);
  });

  test("takes JSON as well", async () => {
    await policy("apply", await saved('{"roles": {"member": {"graphs": {}}}}', "policy.json"));
    expect(database.policyText).toContain('"member"');
  });

  test.each([
    ["roles: [", "Flow sequence in block collection must be"],
    ["", "There is nothing in it."],
    ["roles: {}\nroles: {}", "Map keys must be unique"],
    ["roles: { m: { read: [{ label: A, where: n.x = }] } }", "roles.m.read[0]"],
    ["roles: { admin: {} }", "roles.admin is a role that may do everything"],
    [`a: &a [x,x,x,x,x]\nb: &b [${"*a,".repeat(50)}]\nroles: [${"*b,".repeat(50)}]`, "alias"],
  ])("with the file %j says what is wrong, and applies nothing", async (text, message) => {
    const path = await saved(text);
    await expect(policy("apply", path)).rejects.toThrow(message);
    expect(database.policyText).toBe("");
  });

  test.each([
    ["apply", undefined, "`geode policy apply` needs a file"],
    ["show", "x", "`geode policy show` takes no file"],
    ["drop", undefined, 'unknown action "drop"'],
    ["apply", "/nowhere/policy.yaml", "cannot read /nowhere/policy.yaml"],
  ])("%s %s is refused", async (action, file, message) => {
    await expect(policy(action, file)).rejects.toThrow(message);
  });

  test("is for administrators", async () => {
    for (const action of ["show", "remove"])
      await expect(policy(action, undefined, ["member"])).rejects.toThrow(
        "Administration needs the role admin",
      );
  });
});

describe("what people read about policies", () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
  const inHelp = /^ {2}roles:\n(?: {4}.*\n)+/m.exec(read("test/help/policy.txt"))?.[0] ?? "";
  const inDocs = /```yaml\n([^]*?)```/.exec(read("docs/policy.md"))?.[1] ?? "";

  test.each([
    ["--help", inHelp],
    ["docs/policy.md", inDocs],
  ])("works as it stands in %s", async (_, text) => {
    await policy("apply", await saved(text));
    expect(database.policyText).toContain("n.owner = $auth.id");
  });
});

describe("/admin/policy", () => {
  async function ask(method: string, body?: string): Promise<Response> {
    const token = await signToken(
      { user: "root", roles: ["admin"], ttlMs: 60_000 },
      SECRET,
      systemClock,
    );
    return fetch(`${server.url}/admin/policy`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body }),
    });
  }

  test.each([
    ["no body", undefined, 400, "The body is not JSON."],
    ["no JSON", "{", 400, "The body is not JSON."],
    ["a document of another form", '{"rules": []}', 400, "rules is not known"],
    ["a body that is too large", `"${"x".repeat(5_000_000)}"`, 413, "at most 4194304 bytes"],
    [
      "a policy that is too large",
      JSON.stringify({
        roles: { m: { read: [{ label: "A", where: `n.x = '${"x".repeat(1_050_000)}'` }] } },
      }),
      413,
      "1048576 are allowed",
    ],
  ])("refuses %s", async (_, body, status, message) => {
    const response = await ask("PUT", body);
    expect([response.status, await response.text()]).toEqual([
      status,
      expect.stringContaining(message),
    ]);
    expect(database.policyText).toBe("");
  });

  test("knows GET, PUT and DELETE", async () => {
    const response = await ask("POST", "{}");
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, PUT, DELETE");
  });
});
