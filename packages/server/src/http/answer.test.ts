import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerHttp } from "./answer.ts";
import { ConsoleFiles } from "./console-files.ts";

let root: string;
let files: ConsoleFiles;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "geode-console-"));
  const dist = join(root, "dist");
  await mkdir(join(dist, "assets"), { recursive: true });
  await writeFile(join(root, "secret.txt"), "secret");
  await writeFile(join(dist, "index.html"), "<!doctype html>console");
  await writeFile(join(dist, "assets/index-abc123.js"), "run()");
  files = new ConsoleFiles(dist);
});
afterAll(() => rm(root, { recursive: true }));

/** Doors of their own, with tests of their own. */
const door = { answer: () => Promise.resolve({ status: 401, headers: {}, body: "" }) };
let ready: { writable: boolean; reason?: string } = { writable: true };
const context = {
  backups: door,
  admin: door,
  metrics: door,
  waitMs: () => 0,
  asyncApi: () => "{}",
  allowedOrigins: undefined,
  readiness: () => ready,
};
const get = (target: string, method = "GET", console = files, more: object = {}) =>
  answerHttp({ method, target, ...more }, { ...context, console });

describe("health", () => {
  test("live is constant; ready says whether writes are taken, and why not", async () => {
    expect(await get("/health/live")).toMatchObject({ status: 200, body: '{"status":"live"}\n' });
    expect(await get("/health/ready")).toMatchObject({ status: 200 });
    ready = { writable: false, reason: "disk full" };
    expect(await get("/health/ready?x=1")).toMatchObject({
      status: 503,
      body: '{"status":"not ready","reason":"disk full"}\n',
    });
    expect(await get("/health/live")).toMatchObject({ status: 200 });
    ready = { writable: true };
  });
});

describe("PROTOCOL 15.2: pages of other origins", () => {
  const asked = (origin: string, method = "GET", target = "/health/live") =>
    get(target, method, files, { origin, host: "geode.example:8443" });

  test("may read what an allowed one asks for, and are told nothing otherwise", async () => {
    const allowed = await asked("https://geode.example");
    expect(allowed.headers).toMatchObject({
      "access-control-allow-origin": "https://geode.example",
      vary: "origin",
    });
    const foreign = await asked("https://evil.example");
    expect(foreign.headers).not.toHaveProperty("access-control-allow-origin");
    expect(foreign.headers).toMatchObject({ vary: "origin" });
  });

  test("ask first, and an allowed one is told how", async () => {
    expect(await asked("https://geode.example", "OPTIONS", "/admin/connections")).toMatchObject({
      status: 204,
      headers: { "access-control-allow-headers": "authorization" },
    });
    expect(await asked("https://evil.example", "OPTIONS")).toMatchObject({ status: 405 });
  });

  test.each(["/admin/connections", "/metrics"])("do not come to %s", async (target) => {
    expect(await asked("https://evil.example", "GET", target)).toMatchObject({ status: 403 });
  });
});

describe("the console", () => {
  test("is the page at the root, asked for afresh each time", async () => {
    const page = await get("/?x#y");
    expect(page).toMatchObject({
      status: 200,
      headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" },
    });
    expect(Buffer.from(page.body as Uint8Array).toString()).toContain("console");
  });

  test("has assets that never change", async () => {
    expect(await get("/assets/index-abc123.js")).toMatchObject({
      status: 200,
      headers: {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=31536000, immutable",
      },
    });
  });

  test("says how to build it while it is not built, and is served once it is", async () => {
    const later = join(root, "later");
    const console = new ConsoleFiles(later);
    expect((await get("/", "GET", console)).body).toContain("npm run build");
    await mkdir(later);
    await writeFile(join(later, "index.html"), "built");
    expect(Buffer.from((await get("/", "GET", console)).body as Uint8Array).toString()).toBe(
      "built",
    );
  });

  test("may load nothing from elsewhere, nor run what stands in the page", async () => {
    const { headers } = await get("/");
    const policy = headers["content-security-policy"]!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
  });
});

describe("nothing else is there", () => {
  test.each([
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/assets/../../secret.txt",
    "/..\\secret.txt",
    "//secret.txt",
    "//",
    "",
    "*",
    "http://localhost/index.html",
    "/index.html/",
    "/INDEX.html",
    "/assets",
    "/assets/",
    "/\u0000",
    "/__proto__",
    "/constructor",
  ])("%j is 404", async (target) => {
    expect(await get(target)).toMatchObject({ status: 404 });
  });

  test("/ws without an upgrade says what it is for", async () => {
    expect(await get("/ws")).toMatchObject({ status: 426 });
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "TRACE", ""])("%s is 405", async (method) => {
    expect(await get("/", method)).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  });
});
