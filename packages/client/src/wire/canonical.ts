/**
 * The canonical JSON text (RFC 8785) of something that JSON.parse returned: fields sorted by UTF-16 code unit, no white space.
 * The digest of a result is taken over it, so client and server must agree on every byte.
 */
export function canonicalJson(parsed: unknown): string {
  if (typeof parsed !== "object" || parsed === null) return JSON.stringify(parsed);
  if (Array.isArray(parsed)) {
    let list = "[";
    for (let i = 0; i < parsed.length; i += 1)
      list += (i === 0 ? "" : ",") + canonicalJson(parsed[i]);
    return `${list}]`;
  }
  const object = parsed as Readonly<Record<string, unknown>>;
  const names = Object.keys(object);
  // Default sort order is by UTF-16 code unit, which is what the RFC asks for.
  if (names.length > 1) names.sort();
  let record = "{";
  for (let i = 0; i < names.length; i += 1) {
    const name = names[i] as string;
    record += `${(i === 0 ? "" : ",") + JSON.stringify(name)}:${canonicalJson(object[name])}`;
  }
  return `${record}}`;
}
