import { describe, expect, test } from "vitest";
import { TrustedProxies } from "./proxies.ts";

const proxies = (configured: readonly string[] = [], told: string[] = []) =>
  new TrustedProxies(configured, (proxy) => void told.push(proxy));

describe("where a connection comes from", () => {
  test.each<[string, string, string | undefined, string, boolean]>([
    ["a client without a proxy", "203.0.113.5", undefined, "203.0.113.5", true],
    ["a client that invents a header", "203.0.113.5", "10.9.9.9", "203.0.113.5", true],
    ["a trusted proxy's client", "10.0.0.1", "203.0.113.5", "203.0.113.5", true],
    ["what the client wrote before", "10.0.0.1", "1.2.3.4, 203.0.113.5", "203.0.113.5", true],
    ["two trusted proxies", "10.0.0.1", "203.0.113.5, 10.0.0.2", "203.0.113.5", true],
    ["a proxy on this machine", "127.0.0.1", "203.0.113.5", "203.0.113.5", true],
    ["this machine", "127.0.0.1", undefined, "127.0.0.1", false],
    ["this machine by IPv6", "::1", undefined, "::1", false],
    ["IPv4 as IPv6", "::ffff:203.0.113.5", undefined, "203.0.113.5", true],
    ["a proxy that says nothing", "10.0.0.1", undefined, "10.0.0.1", false],
    ["a proxy that says nonsense", "10.0.0.1", "unknown", "10.0.0.1", false],
    ["a header of commas", "10.0.0.1", ",,,", "10.0.0.1", false],
    ["a proxy that adds the port", "10.0.0.1", "203.0.113.5:4711", "203.0.113.5", true],
    ["a proxy that adds brackets", "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1", true],
    ["a proxy in a trusted IPv6 network", "2001:db8:1::9", "203.0.113.5", "203.0.113.5", true],
    ["nobody", "", undefined, "", true],
  ])("%s", (_name, peer, header, address, isClient) => {
    const trusted = proxies(["10.0.0.0/8", "2001:db8:1::/48"]);
    expect(trusted.sourceOf(peer, header)).toEqual({ address, isClient });
  });

  test("a configured proxy that says nothing is told of once, this machine never", () => {
    const told: string[] = [];
    const trusted = proxies(["10.0.0.0/8"], told);
    trusted.sourceOf("127.0.0.1", undefined);
    trusted.sourceOf("10.0.0.1", "203.0.113.5");
    expect(told).toEqual([]);
    trusted.sourceOf("10.0.0.1", undefined);
    trusted.sourceOf("10.0.0.2", undefined);
    expect(told).toEqual(["10.0.0.1"]);
  });

  test.each(["", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/8/8", "proxy.example", "::/129"])(
    "%j is no network",
    (network) => {
      expect(() => proxies([network])).toThrow("is no network address");
    },
  );
});
