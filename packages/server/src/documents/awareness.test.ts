import * as encoding from "lib0/encoding";
import { expect, test } from "vitest";
import { Awareness } from "./awareness.ts";

type State = readonly [client: number, clock: number, state: unknown];

function update(...states: readonly State[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, states.length);
  for (const [client, clock, state] of states) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, JSON.stringify(state));
  }
  return encoding.toUint8Array(encoder);
}

test("what a provider says again of others is no news, and takes nothing over", () => {
  const awareness = new Awareness<string>();
  expect(awareness.take("ann", update([1, 1, { x: 1 }]))).toEqual({
    update: update([1, 1, { x: 1 }]),
    clients: [1],
  });
  // Bob's provider has heard of Ann's client, and says so with its own.
  expect(awareness.take("bob", update([1, 1, { x: 1 }], [2, 1, {}]))?.clients).toEqual([2]);
  expect(awareness.forget("bob")?.update).toEqual(update([2, 1, null]));
  expect(awareness.forget("ann")?.update).toEqual(update([1, 1, null]));
});

test("a client that is gone does not come back by what somebody says late", () => {
  const awareness = new Awareness<string>();
  awareness.take("ann", update([1, 4, {}]));
  awareness.forget("ann");
  expect(awareness.take("bob", update([1, 4, {}]))).toBeNull();
  expect(awareness.take("bob", update([1, 5, null]))).toBeNull();
  expect([...awareness.all()]).toEqual([]);
  // It may well come back by itself, and counts on from where it was.
  expect(awareness.take("ann", update([1, 5, {}]))?.clients).toEqual([1]);
});

test("of an older state nothing is taken, and of the same one only that it ends", () => {
  const awareness = new Awareness<string>();
  awareness.take("ann", update([1, 3, "new"]));
  expect(awareness.take("ann", update([1, 2, "old"]))).toBeNull();
  expect(awareness.take("ann", update([1, 3, null]))?.update).toEqual(update([1, 3, null]));
});

test("a connection speaks for 64 clients at most; one more changes nothing", () => {
  const awareness = new Awareness<string>();
  const many = Array.from({ length: 64 }, (_, client): State => [client, 1, {}]);
  expect(awareness.take("ann", update(...many))?.clients).toHaveLength(64);
  expect(() => awareness.take("ann", update([64, 1, {}]))).toThrow(/at most 64/);
  expect(awareness.take("ann", update([1, 2, {}]))?.clients).toEqual([1]);
  expect(awareness.take("bob", update([64, 1, {}]))?.clients).toEqual([64]);
});

test("what is no update is refused", () => {
  const awareness = new Awareness<string>();
  for (const bytes of [[1], [1, 1, 1, 3, 65], [200], [1, 1, 1, 2, 123, 34]])
    expect(() => awareness.take("ann", Uint8Array.from(bytes))).toThrow(/no update/);
});
