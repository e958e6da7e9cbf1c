import { Digest, encodeCanonicalRow, float, GeodeError, hash64, Node } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeClientMessage,
  decodeParameters,
  encodeRows,
  encodeColumns,
  updateHead,
  updateTails,
} from "./codec.ts";
import { limitsWith } from "./limits.ts";

const limits = limitsWith();
const decode = (text: string) => decodeClientMessage(text, limits);

describe("what is not a message says which field is wrong", () => {
  test.each([
    ["{}", "the field `type` is missing"],
    ["[]", "a message is a JSON object"],
    ["null", "a message is a JSON object"],
    ['"QUERY"', "a message is a JSON object"],
    ['{"type":1}', "the field `type` is missing"],
    ['{"type":"HELLO"}', 'unknown message type "HELLO"'],
    ['{"type":"query"}', 'unknown message type "query"'],
    ['{"type":"AUTH"}', "AUTH: the field `token` is missing"],
    ['{"type":"AUTH","token":1}', "AUTH: `token` must be a string: the token"],
    ['{"type":"QUERY","id":1}', "QUERY: the field `query` is missing"],
    ['{"type":"QUERY","query":"x"}', "QUERY: the field `id` is missing"],
    [
      '{"type":"QUERY","id":{},"query":"x"}',
      "QUERY: `id` must be a string of at most 128 bytes or a safe integer",
    ],
    [
      '{"type":"QUERY","id":1.5,"query":"x"}',
      "QUERY: `id` must be a string of at most 128 bytes or a safe integer",
    ],
    [
      '{"type":"QUERY","id":1,"query":"x","parameters":[1]}',
      "QUERY: `parameters` must be an object: parameter values by name",
    ],
    [
      '{"type":"QUERY","id":1,"query":"x","timeout_ms":0}',
      "QUERY: `timeout_ms` must be a positive integer: milliseconds",
    ],
    [
      '{"type":"QUERY","id":1,"query":"x","idempotency_key":""}',
      "QUERY: `idempotency_key` must be a string of 1 to 128 bytes",
    ],
    [
      '{"type":"SUBSCRIBE","id":1,"query":"x","mode":"both"}',
      'SUBSCRIBE: `mode` must be "after" or "before"',
    ],
    [
      '{"type":"SUBSCRIBE","id":1,"query":"x","resume":{"epoch":"e"}}',
      "SUBSCRIBE: the field `resume.seq` is missing",
    ],
    ['{"type":"UNSUBSCRIBE"}', "UNSUBSCRIBE: the field `id` is missing"],
  ])("%s", (text, error) => {
    expect(decode(text)).toMatchObject({ kind: "invalid", error });
  });

  test("and carries the id that the message had, so that its sender can tell", () => {
    expect(decode('{"type":"QUERY","id":"q"}')).toMatchObject({ type: "QUERY", id: "q" });
    expect(decode('{"type":"HELLO","id":4}')).toMatchObject({ type: "HELLO", id: 4 });
    expect(decode('{"type":"HELLO","id":{}}')).toMatchObject({ id: undefined });
  });
});

test("an id is measured in bytes: 128 are an id, 129 are none", () => {
  const ping = (id: string) => decode(JSON.stringify({ type: "PING", id })).kind;
  expect(ping("x".repeat(128))).toBe("message");
  expect(ping("x".repeat(129))).toBe("invalid");
  expect(ping("é".repeat(64))).toBe("message");
  expect(ping(`${"é".repeat(64)}x`)).toBe("invalid");
});

test("fields at the top win over those in `data`", () => {
  expect(decode('{"type":"QUERY","id":1,"data":{"id":2,"query":"x"}}')).toMatchObject({
    message: { id: 1, query: "x" },
  });
  expect(decode('{"type":"PING","data":{"id":1}}')).toMatchObject({ message: { type: "PING" } });
});

test("unknown fields are ignored", () => {
  expect(decode('{"type":"PING","id":1,"trace":"x"}').kind).toBe("message");
});

describe("bounds on the shape of a message", () => {
  const nested = (depth: number) =>
    `{"type":"PING","x":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  const wide = (keys: number) =>
    `{"type":"PING","x":{${Array.from({ length: keys }, (_, i) => `"k${i}":0`).join()}}}`;

  test("64 levels are a message, 65 are none, and 400,000 are refused without harm", () => {
    expect(decode(nested(64)).kind).toBe("message");
    expect(decode(nested(65))).toMatchObject({
      error: "the message is nested deeper than 64 levels",
    });
    expect(decode(nested(400_000)).kind).toBe("invalid");
  });

  test("1,000 keys are a message, 1,001 are none", () => {
    expect(decode(wide(1000)).kind).toBe("message");
    expect(decode(wide(1001))).toMatchObject({
      error: "an object of the message has more than 1000 keys",
    });
  });
});

describe("names that JavaScript knows are ordinary names", () => {
  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("%s", (name) => {
    expect(decode(`{"type":"${name}"}`)).toMatchObject({ kind: "invalid", type: name });
    expect(decode(`{"${name}":{"type":"PING"}}`).kind).toBe("invalid");
    const query = decode(`{"type":"QUERY","id":1,"query":"x","parameters":{"${name}":5}}`);
    if (query.kind !== "message" || query.message.type !== "QUERY") throw new Error("refused");
    expect([...decodeParameters(query.message.parameters)]).toEqual([[name, 5]]);
    expect(decode(`{"type":"QUERY","data":{"id":1,"query":"x","${name}":1}}`).kind).toBe("message");
  });
});

test("no text makes decoding throw", () => {
  const likely = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc
      .record({
        type: fc.constantFrom("AUTH", "QUERY", "SUBSCRIBE", "UNSUBSCRIBE", "PING"),
        id: fc.jsonValue(),
        query: fc.jsonValue(),
        data: fc.jsonValue(),
        parameters: fc.jsonValue(),
      })
      .map((message) => JSON.stringify(message)),
  );
  fc.assert(
    fc.property(likely, (text) => {
      expect(["message", "notJson", "invalid"]).toContain(decode(text).kind);
    }),
    { numRuns: 300 },
  );
});

test("a parameter that is no value is named", () => {
  expect(() => decodeParameters({ since: { $int: "x" } })).toThrow(
    expect.objectContaining({
      code: "22G03",
      message: expect.stringContaining("$since") as string,
    }),
  );
});

describe("rows", () => {
  const columns = [
    { name: "n", text: "n", type: "ANY" },
    { name: "a b", text: "a b", type: "ANY" },
  ];

  test("are objects keyed by column, in the order of the columns", () => {
    const rows = [[new Node(7, ["A"], new Map([["$x", 1]])), float(2)]];
    expect(encodeRows({ shape: "columns", columns, rows }, 1000)).toBe(
      '[{"n":{"$$x":1,"$id":"7","$labels":["A"]},"a b":{"$float":"2.0"}}]',
    );
  });

  test("of shape record are the record itself", () => {
    const rows = [[new Map([["host", "a"]])], [new Map([["cpu", 1.5]])]];
    expect(encodeRows({ shape: "record", columns, rows }, 1000)).toBe('[{"host":"a"},{"cpu":1.5}]');
  });

  test("that do not fit are refused with what to do", () => {
    const rows = Array.from({ length: 100 }, () => ["x".repeat(10), null]);
    expect(() => encodeRows({ shape: "columns", columns, rows }, 999)).toThrow(GeodeError);
    expect(() => encodeRows({ shape: "columns", columns, rows }, 999)).toThrow(
      "the answer is larger than 999 bytes",
    );
  });
});

test("the columns of a result are written once for all answers that share them", () => {
  const columns = [{ name: "age", text: "p.age", type: "INTEGER" }];
  expect(encodeColumns(columns)).toBe('[{"name":"age","text":"p.age","type":"INTEGER"}]');
  expect(encodeColumns(columns)).toBe(JSON.stringify(columns));
});

describe("UPDATE frames", () => {
  const commit = {
    seq: 9,
    prevSeq: 7,
    digest: "00000000000000aa",
    changes: [
      { op: "delete", key: 'k"1', data: '{"a":1}', from: 3 },
      { op: "update", key: "k2", data: '{"a":3}', before: '{"a":2}', index: 0, from: 1 },
    ],
  } as const;

  test("share everything behind the subscription's id", () => {
    const tails = updateTails(commit, false);
    const mine = tails.map((tail) => JSON.parse(updateHead('s"1') + tail) as object);
    const yours = tails.map((tail) => JSON.parse(updateHead(2) + tail) as object);
    expect(mine).toEqual([
      {
        type: "UPDATE",
        subscription: 's"1',
        op: "delete",
        key: 'k"1',
        data: { a: 1 },
        from: 3,
        seq: 9,
        prev_seq: 7,
        last: false,
      },
      {
        type: "UPDATE",
        subscription: 's"1',
        op: "update",
        key: "k2",
        data: { a: 3 },
        index: 0,
        from: 1,
        seq: 9,
        prev_seq: 7,
        last: true,
        digest: "00000000000000aa",
      },
    ]);
    expect(yours.map((frame) => ({ ...frame, subscription: 's"1' }))).toEqual(mine);
  });

  test("hold the row before for those who asked", () => {
    expect(JSON.parse(updateHead(1) + updateTails(commit, true)[1]!)).toMatchObject({
      before: { a: 2 },
      data: { a: 3 },
    });
  });
});

describe("the digest vectors of PROTOCOL.md §8", () => {
  test.each([
    ["", "00000000ebb6c228"],
    ["abc", "b3dd93fac84a62dd"],
  ])("the hash of %j is %s", (text, hash) => {
    expect(hash64(text)).toBe(hash);
  });

  test("of the result shown there", () => {
    const digest = new Digest();
    expect(digest.toString()).toBe("0000000000000000");
    const ann = encodeCanonicalRow(["name", "age"], ["Ann", 38]);
    const bob = encodeCanonicalRow(["name", "age"], ["Bob", null]);
    expect([ann, bob]).toEqual(['{"age":38,"name":"Ann"}', '{"age":null,"name":"Bob"}']);
    digest.add("k1", ann);
    expect([hash64(`["k1",${ann}]`), digest.toString()]).toEqual([
      "16d724ad25249e38",
      "16d724ad25249e38",
    ]);
    digest.add("k2", bob);
    expect([hash64(`["k2",${bob}]`), digest.toString()]).toEqual([
      "55b302aede956e8f",
      "6c8a275c03ba0cc7",
    ]);
    digest.remove("k1", ann);
    expect(digest.toString()).toBe(hash64(`["k2",${bob}]`));
  });
});
