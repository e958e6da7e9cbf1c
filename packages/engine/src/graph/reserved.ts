/**
 * Labels of what the server itself keeps in the graph: rooms, messages, presence, documents. Everybody may read them, as far as the rules
 * go; only the server writes them.
 */
const RESERVED_PREFIX = "Geode";

export function isReserved(label: string): boolean {
  return label.startsWith(RESERVED_PREFIX);
}
