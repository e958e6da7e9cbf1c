import { GeodeError } from "@geode/values";

/** The same words whatever the reason: they must not tell what there is. */
export function forbidden(): GeodeError {
  return new GeodeError("FORBIDDEN", "This change is not permitted.", {
    hint: "The policy decides who may change what; ask whoever applies it.",
  });
}
