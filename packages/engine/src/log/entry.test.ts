import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float, GeodeError, type Value } from "@geode/values";
import { names, properties, propertyValues } from "../../../values/test/arbitrary.ts";
import type { Effect } from "../graph/effect.ts";
import {
  blobHashes,
  decodeEntry,
  decodeHeader,
  decodePatch,
  encodeEntry,
  encodePatch,
  ENTRY_BYTES_MAX,
  ENTRY_FORMAT,
  type EncodedEntry,
  type Entry,
  hashOf,
} from "./entry.ts";

const ids = fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.maxSafeInteger().map(Math.abs));
const graphs = fc.constantFrom("default", "other", "");
const labels = fc
  .uniqueArray(names, { maxLength: 3 })
  .map((list) => list.sort((a, b) => (a < b ? -1 : 1)));
const set = fc
  .array(fc.tuple(names, fc.oneof(fc.constant(null), propertyValues)), { maxLength: 3 })
  .map((list) => new Map<string, Value>(list));

/** What an index or a constraint is on. */
const place = {
  graph: graphs,
  name: names,
  element: fc.constantFrom("node" as const, "edge" as const),
  label: names,
  properties: fc.array(names, { maxLength: 3 }),
};

const edit = {
  document: names,
  format: fc.constantFrom("json" as const, "yjs" as const),
  version: fc.nat(),
  bytes: fc.uint8Array(),
};

const effects: fc.Arbitrary<Effect> = fc.oneof(
  fc.record({
    kind: fc.constant("insertNode" as const),
    graph: graphs,
    id: ids,
    labels,
    properties,
  }),
  fc.record({
    kind: fc.constant("insertEdge" as const),
    graph: graphs,
    id: ids,
    label: names,
    from: ids,
    to: ids,
    properties,
  }),
  fc.record(
    { kind: fc.constant("updateNode" as const), graph: graphs, id: ids, labels, set },
    { requiredKeys: ["kind", "graph", "id", "set"] },
  ),
  fc.record({ kind: fc.constant("updateEdge" as const), graph: graphs, id: ids, set }),
  fc.record({ kind: fc.constant("deleteEdge" as const), graph: graphs, id: ids }),
  fc.record({ kind: fc.constant("deleteNode" as const), graph: graphs, id: ids }),
  fc.record({ kind: fc.constant("beginEpoch" as const), epoch: names, hashKey: names }),
  fc.record({ kind: fc.constant("setPolicy" as const), policy: names }),
  fc.record({ kind: fc.constant("lease" as const), firstBlock: fc.nat(), count: fc.nat() }),
  fc.record({ kind: fc.constant("createIndex" as const), ...place }),
  fc.record({
    kind: fc.constant("createConstraint" as const),
    ...place,
    requirement: fc.constantFrom("unique" as const, "exists" as const, "key" as const),
  }),
  fc.record({
    kind: fc.constantFrom("dropIndex" as const, "dropConstraint" as const),
    graph: graphs,
    name: names,
  }),
  fc.record({
    kind: fc.constant("appendEdit" as const),
    ...edit,
    whole: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("compactDocument" as const), ...edit }),
  fc.record({
    kind: fc.constant("spliceText" as const),
    graph: graphs,
    id: ids,
    property: names,
    length: fc.nat(),
    at: fc.nat(),
    remove: fc.nat(),
    insert: fc.string({ unit: "grapheme" }),
    set,
  }),
  fc.record({ kind: fc.constantFrom("createGraph" as const, "dropGraph" as const), graph: names }),
);

/** Effects that come in runs of one shape, as real patches do. */
const patches = fc
  .array(fc.tuple(effects, fc.integer({ min: 1, max: 4 })), { maxLength: 6 })
  .map((runs) => runs.flatMap(([effect, times]) => Array.from({ length: times }, () => effect)));

const commits = fc.array(
  fc.record(
    { principal: names, key: names, patch: patches },
    { requiredKeys: ["principal", "patch"] },
  ),
  { maxLength: 4 },
);

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const entries: fc.Arbitrary<Entry> = fc.record({
  format: fc.constant(ENTRY_FORMAT),
  number: fc.maxSafeInteger().map(Math.abs),
  firstSeq: fc.maxSafeInteger().map(Math.abs),
  prevHash: bytesOf(32),
  writer: bytesOf(8),
  nonce: bytesOf(16),
  timeMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
  commits,
});

const header: Omit<Entry, "commits"> = {
  format: ENTRY_FORMAT,
  number: 7,
  firstSeq: 21,
  prevHash: hashOf(new Uint8Array([1])),
  writer: new Uint8Array(8).fill(2),
  nonce: new Uint8Array(16).fill(3),
  timeMs: 1_700_000_000_123,
};

function insert(id: number, fields: Record<string, Value>, label = "Person"): Effect {
  return {
    kind: "insertNode",
    graph: "default",
    id,
    labels: [label],
    properties: new Map(Object.entries(fields)),
  };
}

/** Decodes with the blobs that belong to it. */
function decode({ bytes, blobs }: EncodedEntry): Entry {
  return decodeEntry(
    bytes,
    (hash) => blobs.find((blob) => Buffer.compare(blob.hash, hash) === 0)?.bytes,
  );
}

describe("an entry", () => {
  test("comes back as it was, effects in the same order, whatever is in it", () => {
    fc.assert(
      fc.property(entries, (entry) => {
        expect(decode(encodeEntry(entry))).toEqual(entry);
      }),
      { numRuns: 500 },
    );
  });

  test("keeps 2 and 2.0 apart, and every kind of number exact", () => {
    const numbers: Value[] = [
      2,
      float(2),
      float(-0),
      0,
      float(Number.NaN),
      0.1,
      2n ** 60n,
      -(2n ** 63n),
      2 ** 53 - 1,
      -(2 ** 53 - 1),
    ];
    const entry = {
      ...header,
      commits: [{ principal: "a", patch: numbers.map((number, i) => insert(i, { number })) }],
    };
    expect(decode(encodeEntry(entry))).toEqual(entry);
  });

  test("of the same commits has the same bytes, and the hash is of them", () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const encoded = encodeEntry(entry);
        expect(encodeEntry(decode(encoded)).bytes).toEqual(encoded.bytes);
        expect(encoded.hash).toEqual(hashOf(encoded.bytes));
      }),
      { numRuns: 100 },
    );
  });

  test("has a header that can be read alone", () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const { commits: _, ...expected } = entry;
        expect(decodeHeader(encodeEntry(entry).bytes)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test("writes a name once, so a thousand nodes of one shape take little more than their values", () => {
    const patch = Array.from({ length: 1_000 }, (_, i) =>
      insert(65_536 + i, { aRatherLongPropertyName: i, another: "x" }),
    );
    expect(
      encodeEntry({ ...header, commits: [{ principal: "a", patch }] }).bytes.length,
    ).toBeLessThan(1_000 * 6);
  });
});

describe("a commit that is too large for an entry", () => {
  const large = (size: number) => ({
    principal: "alice",
    key: "k",
    patch: [insert(1, { text: "x".repeat(size) })],
  });
  const small = {
    principal: "bob",
    patch: [insert(2, { name: "Bob" }), insert(3, { name: "Carol" })],
  };

  test("goes into a blob, and comes back among the others in its place", () => {
    const entry = {
      ...header,
      commits: [small, large(ENTRY_BYTES_MAX), small, large(ENTRY_BYTES_MAX + 1), small],
    };
    const encoded = encodeEntry(entry);
    expect(encoded.bytes.length).toBeLessThan(1_000);
    expect(blobHashes(encoded.bytes)).toEqual(encoded.blobs.map(({ hash }) => hash));
    expect(encoded.blobs.map(({ bytes }) => hashOf(bytes))).toEqual(
      encoded.blobs.map(({ hash }) => hash),
    );
    expect(decode(encoded)).toEqual(entry);
  });

  test("is one when the commits before it left no room: an entry never exceeds its limit", () => {
    const entry = { ...header, commits: Array.from({ length: 40 }, () => large(10_000)) };
    const encoded = encodeEntry(entry);
    expect(encoded.bytes.length).toBeLessThanOrEqual(ENTRY_BYTES_MAX);
    expect(encoded.blobs.length).toBeGreaterThan(0);
    expect(encoded.blobs.length).toBeLessThan(40);
    expect(decode(encoded)).toEqual(entry);
  });

  test("is missed when its blob is missing, and not taken for another", () => {
    const encoded = encodeEntry({ ...header, commits: [large(ENTRY_BYTES_MAX)] });
    const hash = Buffer.from(encoded.blobs[0]?.hash as Uint8Array).toString("hex");
    const corrupt = (problem: string) =>
      expect.objectContaining({ code: "CORRUPT", message: expect.stringContaining(problem) });
    expect(() => decodeEntry(encoded.bytes, () => undefined)).toThrow(
      corrupt(`blob ${hash} is missing`),
    );
    const other = encodePatch([insert(1, {})]);
    expect(() => decodeEntry(encoded.bytes, () => other)).toThrow(
      corrupt(`blob ${hash} is not the one that was written`),
    );
  });
});

describe("damaged bytes", () => {
  const encoded = encodeEntry({
    ...header,
    commits: [
      {
        principal: "alice",
        key: "k-1",
        patch: [insert(1, { name: "Alice", list: [1, 2.5, null], record: new Map([["a", true]]) })],
      },
      {
        principal: "bob",
        patch: [
          {
            kind: "insertEdge",
            graph: "default",
            id: 2,
            label: "KNOWS",
            from: 1,
            to: 1,
            properties: new Map(),
          },
        ],
      },
    ],
  });

  test("that are cut off anywhere are CORRUPT", () => {
    for (let length = 0; length < encoded.bytes.length; length++) {
      expect(() => decodeEntry(encoded.bytes.slice(0, length), () => undefined)).toThrow(
        expect.objectContaining({ code: "CORRUPT" }),
      );
    }
  });

  test("with any byte changed give an entry or CORRUPT, never anything else", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(encoded.bytes.length - 1), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const bytes = encoded.bytes.slice();
          for (const [at, byte] of changes) {
            bytes[at] = byte;
          }
          expectEntryOrCorrupt(() => decodeEntry(bytes, () => undefined));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test("that are noise give an entry or CORRUPT, without taking memory that the noise asks for", () => {
    const start = encoded.bytes.slice(0, 84);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        expectEntryOrCorrupt(() => decodeEntry(Buffer.concat([start, noise]), () => undefined));
        expectEntryOrCorrupt(() => decodePatch(noise, "noise"));
      }),
      { numRuns: 3_000 },
    );
  });

  test("say where they are damaged", () => {
    const bytes = encoded.bytes.slice();
    bytes[bytes.length - 5] = 0xff;
    expect(() => decodeEntry(bytes, () => undefined)).toThrow(
      /^log entry 7 is damaged at byte \d+: /,
    );
  });

  test("of another format are refused with the format and what to do", () => {
    const bytes = encoded.bytes.slice();
    bytes[0] = 9;
    expect(() => decodeEntry(bytes, () => undefined)).toThrow(
      expect.objectContaining({
        code: "CORRUPT",
        message: "a log entry has format 9; this version of Geode reads format 1",
        hint: expect.stringContaining("use that version or a newer one"),
      }),
    );
  });

  function expectEntryOrCorrupt(run: () => unknown): void {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(GeodeError);
      expect((error as GeodeError).code).toBe("CORRUPT");
    }
  }
});

describe("what cannot be stored", () => {
  test("is refused when it is encoded, not when it is read", () => {
    let nested: Value = 1;
    for (let i = 0; i < 2_000; i++) {
      nested = [nested];
    }
    expect(() => encodePatch([insert(1, { nested })])).toThrow(
      expect.objectContaining({ code: "22G03" }),
    );
  });

  test("leaves the encoder fit for the next", () => {
    let nested: Value = 1;
    for (let i = 0; i < 2_000; i++) {
      nested = [nested];
    }
    const good = {
      ...header,
      commits: [{ principal: "a", patch: [insert(1, { name: "Alice" })] }],
    };
    const before = encodeEntry(good).bytes;
    expect(() =>
      encodeEntry({ ...header, commits: [{ principal: "a", patch: [insert(1, { nested })] }] }),
    ).toThrow();
    expect(encodeEntry(good).bytes).toEqual(before);
  });
});
