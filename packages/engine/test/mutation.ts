import { unreachable } from "@geode/values";
import fc from "fast-check";

/*
 * Texts that somebody may have meant otherwise: statements of which words, spaces and symbols are left out, doubled, swapped, or replaced
 * by those of another.
 */

/** Words, white space, and single characters. */
function cut(text: string): string[] {
  return text.match(/\w+|\s+|[^]/gu) ?? [];
}

/** One of the texts with one to four changes. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  const pieces = fc.constantFrom(...texts).map(cut);
  const change = fc.record({
    kind: fc.constantFrom("leaveOut", "double", "swap", "replace"),
    at: fc.nat(),
    other: fc.nat(),
  });
  return fc
    .tuple(pieces, pieces, fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([text, donor, changes]) =>
      changes
        .reduce((current, { kind, at, other }) => changed(current, donor, kind, at, other), text)
        .join(""),
    );
}

function changed(
  text: readonly string[],
  donor: readonly string[],
  kind: "leaveOut" | "double" | "swap" | "replace",
  at: number,
  other: number,
): string[] {
  const i = at % Math.max(1, text.length);
  const j = other % Math.max(1, text.length);
  const result = [...text];
  switch (kind) {
    case "leaveOut":
      result.splice(i, 1);
      return result;
    case "double":
      result.splice(i, 0, result[i] ?? "");
      return result;
    case "swap":
      result[i] = text[j] ?? "";
      result[j] = text[i] ?? "";
      return result;
    case "replace":
      result[i] = donor[other % Math.max(1, donor.length)] ?? "";
      return result;
    default:
      return unreachable(kind);
  }
}
