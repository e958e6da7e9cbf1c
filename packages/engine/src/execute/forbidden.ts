import { GeodeError } from "@geode/values";

/** Elements with labels that begin with Geode are the server's to write. */
export function reserved(label: string): GeodeError {
  return new GeodeError(
    "FORBIDDEN",
    `The label \`${label}\` is reserved: what has it is written by the server alone.`,
    { hint: "Labels that begin with Geode are for rooms, messages, presence and documents." },
  );
}

/** The same words whatever the reason: they must not tell what there is. */
export function forbidden(): GeodeError {
  return new GeodeError("FORBIDDEN", "This change is not permitted.", {
    hint: "The policy decides who may change what; ask whoever applies it.",
  });
}
