import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { isKnown, requireSound } from "./update.ts";

/** Every update that the changes made. */
function updatesOf(doc: Y.Doc, change: (doc: Y.Doc) => void): Uint8Array[] {
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  change(doc);
  return updates;
}

describe("an update is sound", () => {
  const written = (): Uint8Array[] =>
    updatesOf(new Y.Doc(), (doc) => {
      for (const text of ["a", "b", "c"]) doc.getText("t").insert(0, text);
      doc.getText("t").delete(0, 1);
    });

  test("if everything before it is there", () => {
    const doc = new Y.Doc();
    for (const update of written()) {
      requireSound(update, doc);
      Y.applyUpdate(doc, update);
    }
    expect(doc.getText("t").toString()).toBe("ba");
  });

  test("and not if its author's edit before it is missing, though it names nothing else", () => {
    const [, second] = updatesOf(new Y.Doc(), (doc) => {
      doc.getArray("one").push([1]);
      doc.getArray("two").push([2]);
    });
    expect(() => requireSound(second!, new Y.Doc())).toThrow(/builds on edits/);
  });

  test("and not if it deletes what is not there", () => {
    const deletes = written().at(-1)!;
    expect(() => requireSound(deletes, new Y.Doc())).toThrow(/builds on edits/);
  });

  test("and not if a part in its middle is left out", () => {
    const [first, , third] = updatesOf(new Y.Doc(), (doc) => {
      for (let n = 0; n < 3; n++) doc.getArray("a").push([n]);
    });
    expect(() => requireSound(Y.mergeUpdates([first!, third!]), new Y.Doc())).toThrow(
      /builds on edits/,
    );
  });
});

test("an update is known if its edits and its deletions are", () => {
  const doc = new Y.Doc();
  const updates = updatesOf(doc, () => {
    doc.getText("t").insert(0, "abc");
    doc.getText("t").delete(1, 1);
  });
  const copy = new Y.Doc();
  for (const update of updates) {
    expect(isKnown(update, copy)).toBe(false);
    Y.applyUpdate(copy, update);
    expect(isKnown(update, copy)).toBe(true);
  }
  expect(isKnown(Y.encodeStateAsUpdate(doc), copy)).toBe(true);
});
