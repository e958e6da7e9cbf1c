import { expect, test } from "vitest";
import { changesSession, mayWrite, transactionRole } from "./statement.ts";

test.each([
  ["START TRANSACTION", "start"],
  ["  // begin\n start transaction read only", "start"],
  ["/* done */ commit", "commit"],
  ["-- undo\nROLLBACK", "rollback"],
  ["MATCH (n) RETURN n", "none"],
  ["RETURN 'COMMIT'", "none"],
])("%s: %s", (text, role) => {
  expect(transactionRole(text)).toBe(role);
});

test.each([
  ["MATCH (n:Person) RETURN n", false],
  ["SELECT * FROM metrics", false],
  ["MATCH (n) WHERE n.offset = 3 RETURN n.settings", false],
  ["INSERT (:Person)", true],
  ["match (n) set n.x = 1", true],
  ["MATCH (n)\nDETACH DELETE n", true],
  ["RETURN 'please delete'", true],
])("%s may write: %s", (text, expected) => {
  expect(mayWrite(text)).toBe(expected);
});

test.each([
  ["SESSION SET GRAPH travel", true],
  ["// mine\nsession reset", true],
  ["SESSION CLOSE", false],
  ["RETURN 'SESSION SET'", false],
])("%s changes the session: %s", (text, expected) => {
  expect(changesSession(text)).toBe(expected);
});
