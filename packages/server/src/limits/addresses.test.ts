import { describe, expect, test } from "vitest";
import { Addresses } from "./addresses.ts";

describe("connections per address", () => {
  const client = (address: string) => ({ address, isClient: true });

  test("one address may have so many, another one its own, and who leaves makes room", () => {
    const addresses = new Addresses(2);
    const ann = client("203.0.113.5");
    addresses.enter(ann);
    expect(addresses.hasRoom(ann)).toBe(true);
    addresses.enter(ann);
    expect(addresses.hasRoom(ann)).toBe(false);
    expect(addresses.hasRoom(client("203.0.113.6"))).toBe(true);
    addresses.leave(ann);
    expect(addresses.hasRoom(ann)).toBe(true);
    addresses.leave(ann);
    expect(addresses.count).toBe(0);
  });

  test("a proxy that does not say for whom it asks is not counted", () => {
    const addresses = new Addresses(1);
    const proxy = { address: "10.0.0.1", isClient: false };
    addresses.enter(proxy);
    addresses.enter(proxy);
    expect(addresses.hasRoom(proxy)).toBe(true);
    expect(addresses.count).toBe(0);
  });

  test("whoever comes from one address shares what is known of it", () => {
    const addresses = new Addresses(9);
    const first = addresses.enter(client("203.0.113.5"));
    expect(addresses.enter(client("203.0.113.5"))).toBe(first);
    expect(addresses.enter(client("2001:db8::1")).address).toBe("2001:db8::1");
    expect(addresses.enter(client("2001:db8::2")).address).toBe("2001:db8::2");
    addresses.leave(first);
    addresses.leave(first);
    addresses.leave(first);
    expect(addresses.hasRoom(first)).toBe(true);
  });

  test("the addresses of one IPv6 network count together, however they are written", () => {
    const addresses = new Addresses(1);
    addresses.enter(client("2001:db8::1"));
    expect(addresses.hasRoom(client("2001:db8:0:0:ffff:ffff:ffff:ffff"))).toBe(false);
    expect(addresses.hasRoom(client("2001:0db8:0000:0000::2"))).toBe(false);
    expect(addresses.hasRoom(client("2001:db8:0:1::1"))).toBe(true);
    expect(addresses.hasRoom(client("fe80::1%eth0"))).toBe(true);
  });
});
