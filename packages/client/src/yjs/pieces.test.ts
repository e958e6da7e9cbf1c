import fc from "fast-check";
import { expect, test } from "vitest";
import * as Y from "yjs";
import { piecesOf } from "./pieces.ts";

const textOf = (doc: Y.Doc): string => doc.getText("t").toString();

/** Applies the pieces one by one; none may have to wait for another. */
function applied(pieces: Iterable<Uint8Array>, to = new Y.Doc()): Y.Doc {
  for (const piece of pieces) {
    Y.applyUpdate(to, piece);
    expect(to.store.pendingStructs).toBeNull();
    expect(to.store.pendingDs).toBeNull();
  }
  return to;
}

test("a short update stays as it is", () => {
  const doc = new Y.Doc();
  doc.getText("t").insert(0, "short");
  const update = Y.encodeStateAsUpdate(doc);
  expect([...piecesOf(update)]).toEqual([update]);
});

test("a long text that came in one go is cut, and not within a character", () => {
  const doc = new Y.Doc();
  doc.getText("t").insert(0, `x${"🙂é".repeat(2_000)}`);
  const pieces = [...piecesOf(Y.encodeStateAsUpdate(doc), 1_000)];
  expect(pieces.length).toBeGreaterThan(10);
  for (const piece of pieces) expect(piece.length).toBeLessThan(1_200);
  expect(textOf(applied(pieces))).toBe(textOf(doc));
});

test("what comes after a part that is there builds on it", () => {
  const doc = new Y.Doc();
  doc.getText("t").insert(0, "there");
  const there = new Y.Doc();
  Y.applyUpdate(there, Y.encodeStateAsUpdate(doc));
  for (let n = 0; n < 200; n += 1) doc.getText("t").insert(n, `${n} `);
  doc.getText("t").delete(3, 100);
  const update = Y.encodeStateAsUpdate(doc, Y.encodeStateVector(there));
  const pieces = [...piecesOf(update, 300)];
  expect(pieces.length).toBeGreaterThan(3);
  expect(textOf(applied(pieces, there))).toBe(textOf(doc));
});

test("whatever several people made of a document, piece by piece it is the same", () => {
  const step = fc.record({
    who: fc.nat(2),
    what: fc.constantFrom("write", "delete", "nest", "set", "meet"),
    at: fc.nat(),
    text: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 20, max: 200 }),
      (steps, max) => {
        const docs = [new Y.Doc(), new Y.Doc(), new Y.Doc()];
        for (const { at, text, what, who } of steps) {
          const doc = docs[who]!;
          const list = doc.getArray<Y.Text>("nested");
          const root = doc.getText("t");
          if (what === "write") root.insert(at % (root.length + 1), text);
          if (what === "delete" && root.length > 0) root.delete(at % root.length, 1);
          if (what === "nest") list.insert(at % (list.length + 1), [new Y.Text(text)]);
          if (what === "set" && list.length > 0) list.get(at % list.length).insert(0, text);
          if (what === "meet") Y.applyUpdate(doc, Y.encodeStateAsUpdate(docs[(who + 1) % 3]!));
        }
        const whole = new Y.Doc();
        for (const doc of docs) Y.applyUpdate(whole, Y.encodeStateAsUpdate(doc));
        const copy = applied(piecesOf(Y.encodeStateAsUpdate(whole), max));
        expect(textOf(copy)).toBe(textOf(whole));
        expect(copy.getArray("nested").toJSON()).toEqual(whole.getArray("nested").toJSON());
        expect(Y.encodeStateVector(copy).toSorted()).toEqual(Y.encodeStateVector(whole).toSorted());
      },
    ),
    { numRuns: 200 },
  );
});
