/** Names in files as they become names in the graph. */

/**
 * Why a label cannot be used, or undefined. A control character in a CSV header is most likely another mistake; JSON has to write it
 * out, so there it is meant.
 */
export function labelFault(label: string, origin: "plain" | "json" = "plain"): string | undefined {
  if (label === "") return "a label is empty";
  if (label.startsWith("Geode"))
    return `the label ${JSON.stringify(label)} is reserved: it starts with Geode`;
  return nameFault("label", label, origin);
}

/** Why a property name cannot be used, or undefined. */
export function propertyFault(
  name: string,
  origin: "plain" | "json" = "plain",
): string | undefined {
  return name === "" ? "a property name is empty" : nameFault("property name", name, origin);
}

/** A name as GQL source, on one line, whatever is in it. */
export function quoted(name: string): string {
  return `\`${escaped(name).replaceAll("`", "``")}\``;
}

/** Text as it stands between quotes in GQL; the quotes themselves are left to the caller. */
export function escaped(text: string): string {
  return text.replaceAll(/[\\\p{Cc}\u2028\u2029]/gu, (character) =>
    character === "\\" ? "\\\\" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function nameFault(what: string, name: string, origin: "plain" | "json"): string | undefined {
  if (name.length > 1000) return `a ${what} is longer than 1000 characters`;
  if (origin === "plain" && /\p{Cc}/u.test(name))
    return `the ${what} ${JSON.stringify(name)} contains a control character`;
  return undefined;
}
