import { describe, expect, test } from "vitest";
import { originAllowed } from "./origin.ts";

describe("PROTOCOL 1.3: without a list, the server's own pages and those of this machine", () => {
  test.each<[string | undefined, string | undefined, boolean]>([
    [undefined, "geode.example:8443", true],
    ["https://geode.example", "geode.example:8443", true],
    ["https://GEODE.example", "geode.EXAMPLE", true],
    ["http://localhost:3000", "geode.example", true],
    ["http://127.0.0.1:5173", "geode.example", true],
    ["http://[::1]:5173", "[::1]:8443", true],
    ["https://evil.example", "geode.example", false],
    ["https://geode.example.evil.example", "geode.example", false],
    ["https://evilgeode.example", "geode.example", false],
    ["https://sub.geode.example", "geode.example", false],
    ["http://127.0.0.1.evil.example", "geode.example", false],
    ["http://localhost.evil.example", "geode.example", false],
    ["null", "geode.example", false],
    ["", "geode.example", false],
    ["file://", "geode.example", false],
    ["https://geode.example, https://evil.example", "geode.example", false],
    ["https://geode.example", undefined, false],
    ["https://geode.example", "[[[", false],
  ])("%s to %s: %s", (origin, host, allowed) => {
    expect(originAllowed(origin, host, undefined)).toBe(allowed);
  });
});

describe("with a list, exactly what is in it", () => {
  const list = ["https://app.example.com", "https://*.corp.example", "http://localhost:5173"];
  test.each<[string | undefined, boolean]>([
    [undefined, true],
    ["https://app.example.com", true],
    ["https://app.example.com:443", true],
    ["https://a.corp.example", true],
    ["http://localhost:5173", true],
    ["http://app.example.com", false],
    ["https://app.example.com:8443", false],
    ["https://corp.example", false],
    ["https://a.b.corp.example", false],
    ["https://evilcorp.example", false],
    ["http://a.corp.example", false],
    ["https://a.corp.example:1", false],
    ["https://a.corp.example.evil.example", false],
    ["http://localhost:5174", false],
    ["http://127.0.0.1", false],
    ["null", false],
  ])("%s: %s", (origin, allowed) => {
    expect(originAllowed(origin, "app.example.com", list)).toBe(allowed);
  });

  test("an empty list lets no page in", () => {
    expect(originAllowed("https://app.example.com", "app.example.com", [])).toBe(false);
  });
});
