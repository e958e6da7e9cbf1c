/** Names in files as they become names in the graph. */

/** Why a label cannot be used, or undefined. */
export function labelFault(label: string): string | undefined {
  if (label === "") return "a label is empty";
  if (label.startsWith("Geode"))
    return `the label ${JSON.stringify(label)} is reserved: it starts with Geode`;
  return nameFault("label", label);
}

/** Why a property name cannot be used, or undefined. */
export function propertyFault(name: string): string | undefined {
  return name === "" ? "a property name is empty" : nameFault("property name", name);
}

/** A name as GQL source, whatever is in it. */
export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

function nameFault(what: string, name: string): string | undefined {
  if (name.length > 1000) return `a ${what} is longer than 1000 characters`;
  if (/\p{Cc}/u.test(name))
    return `the ${what} ${JSON.stringify(name)} contains a control character`;
  return undefined;
}
