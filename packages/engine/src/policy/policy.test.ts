import { describe, expect, test } from "vitest";
import { parsePolicy, policyOf, policyText } from "./policy.ts";

const EXAMPLE = {
  roles: {
    member: {
      graphs: { default: ["read", "write"] },
      read: [
        { label: "Note", where: "n.owner = $auth.id" },
        { label: "User", hide: ["email", "phone"] },
        { edge: "OWNS" },
      ],
      write: [{ label: "Note", where: "n.owner = $auth.id" }],
      deny: ["AuditEntry"],
      rooms: { join: ["public-*"], write: ["team-$auth.team"] },
      documents: { read: ["*"], write: ["team-$auth.team/*"] },
    },
  },
};

describe("a policy document", () => {
  test("is read, and its text says the same", () => {
    const policy = policyOf(EXAMPLE);
    expect(policy.roles.get("member")).toMatchObject({
      graphs: new Map([["default", { read: true, write: true }]]),
      read: [
        { element: "node", label: "Note", where: "n.owner = $auth.id", hide: [] },
        { element: "node", label: "User", where: null, hide: ["email", "phone"] },
        { element: "edge", label: "OWNS", where: null, hide: [] },
      ],
      deny: ["AuditEntry"],
      rooms: { join: ["public-*"], write: ["team-$auth.team"], history: ["public-*"] },
    });
    expect(parsePolicy(policyText(policy))).toEqual(policy);
  });

  test("has one text, however its roles and graphs are ordered", () => {
    const role = (graphs: object): object => ({ graphs });
    const one = { roles: { a: role({ x: ["read"], y: [] }), b: role({}) } };
    const other = { roles: { b: role({}), a: role({ y: [], x: ["read"] }) } };
    expect(policyText(policyOf(one))).toBe(policyText(policyOf(other)));
  });

  test("takes names that objects have already", () => {
    const document = JSON.parse(
      '{"roles":{"__proto__":{"graphs":{"constructor":["read"]}}}}',
    ) as unknown;
    const policy = policyOf(document);
    expect([...policy.roles.keys()]).toEqual(["__proto__"]);
    expect(parsePolicy(policyText(policy))).toEqual(policy);
  });

  test.each([
    [{ role: {} }, "role is not known; there are roles"],
    [[], "it has to be an object"],
    [{ roles: { admin: {} } }, "roles.admin is a role that may do everything"],
    [{ roles: { m: { read: {} } } }, "roles.m.read has to be a list"],
    [{ roles: { m: { read: [{}] } } }, "roles.m.read[0] needs either label, for nodes, or edge"],
    [{ roles: { m: { read: [{ label: "A", edge: "B" }] } } }, "needs either label"],
    [{ roles: { m: { read: [{ label: 1 }] } } }, "roles.m.read[0].label has to be a text"],
    [{ roles: { m: { write: [{ label: "A", hide: ["x"] }] } } }, "write[0].hide is not known"],
    [{ roles: { m: { graphs: { default: ["all"] } } } }, "takes read and write, not all"],
    [{ roles: { m: { deny: "A" } } }, "roles.m.deny has to be a list"],
    [{ roles: { m: { rooms: { leave: [] } } } }, "roles.m.rooms.leave is not known"],
  ])("%j is refused: %s", (document, message) => {
    expect(() => policyOf(document)).toThrow(
      expect.objectContaining({
        code: "INVALID_MESSAGE",
        message: expect.stringContaining(message),
      }),
    );
  });
});
