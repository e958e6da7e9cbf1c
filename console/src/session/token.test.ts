import { expect, test } from "vitest";
import { tokenInFragment } from "./token.ts";

test.each([
  ["#token=abc.def", "abc.def"],
  ["token=abc", "abc"],
  ["#tab=graph&token=abc", "abc"],
  ["#token=", null],
  ["#", null],
  ["", null],
])("%s has the token %s", (fragment, token) => {
  expect(tokenInFragment(fragment)).toBe(token);
});
