import fc from "fast-check";
import * as encoding from "lib0/encoding";
import { expect, test } from "vitest";
import * as Y from "yjs";
import { partsOf } from "./update-parts.ts";

/** As Yjs reads it. */
function partsIn(update: Uint8Array): number {
  const { ds, structs } = Y.decodeUpdate(update);
  let parts = structs.length;
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue;
    if (struct.content instanceof Y.ContentAny || struct.content instanceof Y.ContentJSON)
      parts += struct.content.arr.length;
  }
  for (const ranges of ds.clients.values()) parts += ranges.length;
  return parts;
}

const step = fc.record({
  who: fc.nat(2),
  what: fc.nat(9),
  at: fc.nat(20),
  text: fc.string({ unit: "grapheme", maxLength: 4 }),
});

test("the parts of an update are counted as Yjs finds them, for whatever it holds", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const docs = Array.from({ length: 3 }, () => new Y.Doc());
      for (const { at, text, what, who } of steps) {
        const doc = docs[who]!;
        const body = doc.getText("t");
        const xml = doc.getXmlFragment("x");
        const list = doc.getArray("a");
        if (what === 0) body.delete(0, Math.min(at, body.length));
        else if (what === 1) body.insert(Math.min(at, body.length), text, { bold: true });
        else if (what === 2) body.insertEmbed(0, { image: text });
        else if (what === 3) xml.insert(0, [new Y.XmlElement(text || "p"), new Y.XmlText(text)]);
        else if (what === 4) list.push([text, at, { deep: [null, text] }]);
        else if (what === 5) list.push([new Uint8Array(at), new Y.Map([["k", text]])]);
        else if (what === 6) doc.getMap("m").set(text, at);
        else if (what === 7) list.push([new Y.Doc({ guid: text || "g" })]);
        else if (what === 8) Y.applyUpdate(doc, Y.encodeStateAsUpdate(docs[(who + 1) % 3]!));
        else body.insert(Math.min(at, body.length), text);
      }
      for (const doc of docs) {
        const update = Y.encodeStateAsUpdate(doc);
        const parts = partsIn(update);
        expect(partsOf(update, parts)).toBe(parts);
        if (parts > 0) expect(partsOf(update, parts - 1)).toBe(Infinity);
      }
    }),
    { numRuns: 300 },
  );
});

test("millions of parts in few bytes are too many before any is read", () => {
  const encoder = encoding.createEncoder();
  for (const number of [1, 8_000_000, 7, 0]) encoding.writeVarUint(encoder, number);
  expect(partsOf(encoding.toUint8Array(encoder), 1_000_000)).toBe(Infinity);
});

test("what is no update has no number of parts", () => {
  for (const bytes of [[], [1], [1, 1, 7, 0, 4, 200], [1, 1, 7, 0, 31, 0], [0, 1, 7, 9]])
    expect(partsOf(Uint8Array.from(bytes), 1_000_000)).toBeNaN();
});
