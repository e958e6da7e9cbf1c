import * as Y from "yjs";

/**
 * What somebody lacks of a document, from whom `state` came: everything that the document lacked, which it has by now. `stateVector` says
 * what they had. Null when they lack nothing.
 */
export function missingFrom(
  doc: Y.Doc,
  { state, stateVector }: { readonly state: Uint8Array; readonly stateVector: Uint8Array },
): Uint8Array | null {
  const update = Y.encodeStateAsUpdate(doc, stateVector);
  // An update names all deletions, whoever knows them.
  const { ds, structs } = Y.decodeUpdate(update);
  if (structs.length === 0 && Y.equalDeleteSets(ds, Y.decodeUpdate(state).ds)) return null;
  return update;
}
