import { execFile, spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const geode = fileURLToPath(new URL("../bin/geode.mjs", import.meta.url));
const nodeOptions = { maxBuffer: 64 * 1024 * 1024 };
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "geode-e2e-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Starts a server on a free port and waits until it says that it runs. */
async function serve(
  ...args: string[]
): Promise<{ child: ChildProcess; greeting: string; ws: string }> {
  const child = spawn(process.execPath, [geode, "serve", "--port", "0", ...args], {
    cwd: directory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    output += chunk.toString();
    if (output.includes("Ctrl+C")) break;
  }
  const ws = /WebSocket\s+(\S+)/.exec(output)?.[1];
  if (ws === undefined) throw new Error(`the server did not start: ${output}`);
  return { child, greeting: output, ws };
}

async function stop(
  child: ChildProcess,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<number | null> {
  const exit = once(child, "exit") as Promise<[number | null]>;
  child.kill(signal);
  return (await exit)[0];
}

/** Resolves once the log has that. */
async function logged(child: ChildProcess, text: string): Promise<void> {
  let log = "";
  await new Promise<void>((resolve) => {
    child.stderr!.on("data", (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes(text)) resolve();
    });
  });
}

/** Runs a command to its end, whatever its exit code. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stderr, stdout } = await run(process.execPath, [geode, ...args], {
      cwd: directory,
      ...nodeOptions,
    });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stderr, stdout } = error as { code: number; stderr: string; stdout: string };
    return { code, out: stdout, err: stderr };
  }
}

describe("geode serve", () => {
  test("prints a link that opens the console and a token that works, and stops cleanly", async () => {
    const { child, greeting, ws } = await serve();
    const link = /http:\/\/\S+/.exec(greeting)![0];
    const [page, token] = link.split("#token=");
    expect((await fetch(page!)).status).toBe(200);
    expect((await fetch(`${page}health/ready`)).status).toBe(200);
    const answer = await command(
      "query",
      "RETURN 1 AS one",
      "--url",
      ws,
      "--token",
      token!,
      "--format",
      "json",
    );
    expect(answer).toMatchObject({ code: 0, out: '[\n  {"one":1}\n]\n' });
    expect(await stop(child)).toBe(0);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("exits with 0 on %s", async (signal) => {
    const { child } = await serve();
    expect(await stop(child, signal)).toBe(0);
  });

  test("keeps its data", async () => {
    const first = await serve("--data", "kept");
    const insert = await command(
      "query",
      "INSERT (:Person {name: 'Ann'})",
      "--url",
      first.ws,
      "--data",
      "kept",
    );
    expect(insert).toMatchObject({
      code: 0,
      err: expect.stringContaining("1 node inserted") as string,
    });
    await stop(first.child);
    const second = await serve("--data", "kept");
    const found = await command(
      "query",
      "MATCH (p:Person) RETURN p.name AS name",
      "--url",
      second.ws,
      "--data",
      "kept",
      "--format",
      "csv",
    );
    expect(found.out).toBe("name\r\nAnn\r\n");
    expect(await command("check", "kept")).toMatchObject({
      code: 0,
      out: expect.stringContaining("is sound: 1 node, ") as string,
    });
    await stop(second.child);
    expect(await command("check", "kept")).toMatchObject({
      code: 0,
      out: expect.stringContaining("is sound: 1 node, ") as string,
    });
  });

  test("believes an identity provider's tokens, of its next key once told, and none of a revoked user", async () => {
    const keys = [1, 2].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }));
    const publish = (count: number) =>
      writeFile(
        join(directory, "jwks.json"),
        JSON.stringify({
          keys: keys
            .slice(0, count)
            .map(({ publicKey }, n) => ({ ...publicKey.export({ format: "jwk" }), kid: `${n}` })),
        }),
      );
    const signed = (kid: number, user: string) =>
      new SignJWT({ sub: user, roles: ["admin"], aud: "geode" })
        .setProtectedHeader({ alg: "ES256", kid: `${kid}` })
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(keys[kid]!.privateKey);
    await publish(1);
    const options = ["--data", "provided", "--jwks", "jwks.json", "--jwt-audience", "geode"];
    const serving = () => serve(...options, "--audit-log", "audit.jsonl");
    const first = await serving();
    const ask = async (ws: string, token: string) =>
      (await command("query", "RETURN $auth.id AS id", "--url", ws, "--token", token)).code;
    const [old, young] = [await signed(0, "ann"), await signed(1, "bob")];
    expect(await ask(first.ws, old)).toBe(0);
    expect(await ask(first.ws, young)).toBe(3);
    await publish(2);
    await rename(join(directory, "audit.jsonl"), join(directory, "audit.1.jsonl"));
    first.child.kill("SIGHUP");
    await logged(first.child, "key set read again");
    expect(await ask(first.ws, young)).toBe(0);
    const revoke = `${first.ws.replace(/^ws/, "http").replace(/ws$/, "")}admin/revocations/users/ann`;
    const headers = { authorization: `Bearer ${young}` };
    expect((await fetch(revoke, { method: "PUT", headers })).status).toBe(200);
    expect(await ask(first.ws, old)).toBe(3);
    await stop(first.child);
    const second = await serving();
    expect(await ask(second.ws, old)).toBe(3);
    // Whoever may read the secret signs as before, for the same audience.
    const own = ["query", "RETURN 1", "--url", second.ws, "--data", "provided"];
    expect((await command(...own)).code).toBe(3);
    expect((await command(...own, "--jwt-audience", "geode")).code).toBe(0);
    await stop(second.child);
    const [before, after] = await Promise.all(
      ["audit.1.jsonl", "audit.jsonl"].map((file) => readFile(join(directory, file), "utf8")),
    );
    expect(after).toContain("user revoked");
    const audit = `${before}${after}`;
    const events = audit
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { msg: string; target?: string });
    expect(events.filter(({ msg }) => msg === "user revoked")).toMatchObject([{ target: "ann" }]);
    expect(new Set(events.map(({ msg }) => msg))).toEqual(
      new Set(["authenticated", "token refused", "user revoked"]),
    );
    for (const token of [old, young]) expect(audit).not.toContain(token.split(".")[2]);
  });

  test("shows administrators who is connected, and takes access back from the command line", async () => {
    const { child, ws } = await serve("--data", "watched");
    const server = ["--url", ws, "--data", "watched"];
    const token = (await command("token", "--user", "ann", "--data", "watched")).out.trim();
    const live = spawn(
      process.execPath,
      [geode, "query", "SELECT * FROM x", "--live", "--url", ws, "--token", token],
      { cwd: directory, stdio: "ignore" },
    );
    const ended = once(live, "exit");
    const connections = async () =>
      JSON.parse(
        (await command("connections", ...server, "--user", "ann", "--format", "json")).out,
      ) as { session: string; user: string; token_id: string }[];
    let seen = await connections();
    while (seen.length === 0) seen = await connections();
    expect(seen).toMatchObject([{ user: "ann", remote_address: "127.0.0.1" }]);
    expect(await command("connections", ...server)).toMatchObject({
      code: 0,
      err: "1 open, 0.0% of what is allowed\n",
    });
    // Only an administrator, and only one thing at a time.
    const asAnn = ["--url", ws, "--token", token];
    expect(await command("connections", ...asAnn)).toMatchObject({ code: 3, out: "" });
    expect(await command("revoke", ...asAnn, "--user", "bob")).toMatchObject({ code: 3 });
    expect(await command("revoke", ...server)).toMatchObject({ code: 2 });
    expect(await command("revoke", ...server, "--user", "a", "--session", "b")).toMatchObject({
      code: 2,
    });
    expect(await command("revoke", ...server, "--session", "nobody's")).toMatchObject({
      code: 1,
      err: expect.stringContaining("Not found") as string,
    });
    expect(await command("revoke", ...server, "--token-id", seen[0]!.token_id)).toMatchObject({
      code: 0,
      err: "Done; 1 connection ended.\n",
    });
    expect((await ended)[0]).not.toBe(0);
    expect(await connections()).toEqual([]);
    await stop(child);
    expect(await command("connections", ...server)).toMatchObject({ code: 3 });
  });

  test("speaks TLS, takes a new certificate on SIGHUP, and keeps the present one if that does not load", async () => {
    const [cert, key] = [join(directory, "tls.pem"), join(directory, "tls.key")];
    const certify = (name: string) =>
      run(
        "openssl",
        `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=${name} -addext subjectAltName=DNS:${name},IP:127.0.0.1 -keyout ${key} -out ${cert}`.split(
          " ",
        ),
      );
    await certify("localhost");
    const { child, ws } = await serve("--data", "tls", "--tls-cert", cert, "--tls-key", key);
    expect(ws).toMatch(/^wss:/);
    const { port } = new URL(ws);
    /** The name in the certificate that a new connection is shown. */
    const shown = async () => {
      const socket = connectTls({
        host: "127.0.0.1",
        port: Number(port),
        rejectUnauthorized: false,
      });
      await once(socket, "secureConnect");
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return subject.CN;
    };
    expect(await shown()).toBe("localhost");
    const { stdout } = await run(
      process.execPath,
      [geode, "query", "RETURN 1 AS one", "--url", ws, "--data", "tls", "--format", "json"],
      { cwd: directory, env: { ...process.env, NODE_EXTRA_CA_CERTS: cert } },
    );
    expect(JSON.parse(stdout)).toEqual([{ one: 1 }]);
    await certify("renewed");
    child.kill("SIGHUP");
    await logged(child, "certificate reloaded");
    expect(await shown()).toBe("renewed");
    await writeFile(cert, "nonsense");
    child.kill("SIGHUP");
    await logged(child, "the present one stays");
    expect(await shown()).toBe("renewed");
    expect(await stop(child)).toBe(0);
  });

  test("refuses what cannot be, with what to do", async () => {
    expect(await command("serve", "--host", "0.0.0.0")).toMatchObject({
      code: 1,
      err: expect.stringContaining("--insecure") as string,
    });
    expect(await command("serve", "--tls-cert", "x.pem")).toMatchObject({ code: 2 });
    const { child, ws } = await serve();
    const { port } = new URL(ws);
    expect(await command("serve", "--port", port, "--data", "elsewhere")).toMatchObject({
      code: 1,
      err: expect.stringContaining("is in use") as string,
    });
    await stop(child);
  });

  test("--demo fills in packages and this machine's load", async () => {
    await writeFile(
      join(directory, "package-lock.json"),
      JSON.stringify({
        lockfileVersion: 3,
        packages: {
          "": { name: "app", dependencies: { a: "^1.0.0" } },
          "node_modules/a": { version: "1.0.1", license: "MIT" },
        },
      }),
    );
    const { child, greeting, ws } = await serve("--demo");
    expect(greeting).toContain("2 packages of package-lock.json");
    const packages = await command(
      "query",
      "MATCH (p:Package)-[d:DEPENDS_ON]->(q) RETURN p.name, d.range, q.name, q.version",
      "--url",
      ws,
      "--format",
      "csv",
    );
    expect(packages.out).toContain("app,^1.0.0,a,1.0.1");
    const load = await command("query", "SELECT * FROM metrics", "--url", ws, "--format", "json");
    const [metrics] = JSON.parse(load.out) as Record<string, unknown>[];
    expect(Object.keys(metrics!).sort()).toEqual(["at", "cpu", "host", "load", "memory"]);
    await stop(child);
  });
});

describe("geode query", () => {
  test("shows where a statement is wrong", async () => {
    const { child, ws } = await serve();
    const { code, err } = await command("query", "MATCH (p RETURN p", "--url", ws);
    expect(code).toBe(1);
    expect(err).toContain("42001");
    expect(err).toContain("  MATCH (p RETURN p\n           ^ line 1, column 10");
    await stop(child);
  });

  test("--live prints a line per changed row until it is interrupted", async () => {
    const { child, ws } = await serve();
    await command("query", "INSERT (:T {n: 1})", "--url", ws);
    const live = spawn(
      process.execPath,
      [geode, "query", "--live", "SUBSCRIBE TO T", "--url", ws],
      { cwd: directory },
    );
    let output = "";
    const lines = (count: number) => output.split("\n").length > count;
    let wanted = 1;
    for await (const chunk of live.stdout as AsyncIterable<Buffer>) {
      output += chunk.toString();
      if (!lines(wanted)) continue;
      if (wanted === 1) await command("query", "MATCH (t:T) SET t.n = 2", "--url", ws);
      else if (wanted === 2) await command("query", "MATCH (t:T) DELETE t", "--url", ws);
      else break;
      wanted++;
    }
    expect(output).toBe('+ {"n":1}\n~ {"n":2}\n- {"n":2}\n');
    expect(await stop(live, "SIGINT")).toBe(0);
    await stop(child);
  });

  test("says when there is no server, and when there is no token", async () => {
    expect(
      await command("query", "RETURN 1", "--url", "ws://127.0.0.1:9/ws", "--token", "t"),
    ).toMatchObject({ code: 3 });
    expect(await command("query", "RETURN 1", "--data", "nothing-here")).toMatchObject({
      code: 2,
      err: expect.stringContaining("GEODE_TOKEN") as string,
    });
  });
});

test("geode import writes into a running server, or into the directory of a stopped one", async () => {
  await writeFile(
    join(directory, "people.csv"),
    "id:ID,age:int,:LABEL\nann,38,Person\nbob,,Person\n",
  );
  await writeFile(join(directory, "knows.csv"), ":START_ID,:END_ID,:TYPE\nann,bob,KNOWS\n");
  const files = ["people.csv", "knows.csv"];
  const offline = await command("import", "--offline", "--data", "imported", ...files);
  expect(offline).toMatchObject({ code: 0, out: "Imported 2 nodes and 1 edge.\n" });
  const { child, ws } = await serve("--data", "imported");
  const online = await command("import", "--url", ws, "--data", "imported", ...files);
  expect(online).toMatchObject({
    code: 0,
    out: "Nothing to do: 2 nodes and 1 edge are there already.\n",
  });
  await writeFile(join(directory, "bad.csv"), "id:ID,age:int,:LABEL\ncyd,old,Person\n");
  const bad = await command("import", "--url", ws, "--data", "imported", "bad.csv");
  expect(bad).toMatchObject({
    code: 2,
    err: expect.stringContaining('bad.csv:2: column 2 (age:int): "old" is no int') as string,
  });
  await stop(child);
});
