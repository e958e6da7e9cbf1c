import { GeodeError } from "@geode/values";
import * as Y from "yjs";

/**
 * An update of Yjs, looked at before it is let in. An update may be random bytes, or of another document: Yjs would keep what it cannot
 * place, for good, and everybody would get it. Here an update is sound only if everything that it names is there already or comes with
 * it. Format: yjs, "Document Updates", version 1.
 */
type Contents = ReturnType<typeof Y.decodeUpdate>;
type Deletions = ReadonlyMap<number, readonly { readonly clock: number; readonly len: number }[]>;

/** Throws INVALID_MESSAGE unless the update can be applied to the document, whole. */
export function requireSound(update: Uint8Array, document: Y.Doc): void {
  const { ds, structs } = decoded(update);
  /** By client: the document, with the update, has everything below. */
  const reach = new Map<number, number>();
  const reachOf = (client: number): number =>
    reach.get(client) ?? Y.getState(document.store, client);
  for (const struct of structs) {
    const { client, clock } = struct.id;
    const known = reachOf(client);
    const end = clock + struct.length;
    if (end <= known) continue;
    if (clock > known || struct instanceof Y.Skip) throw unfounded();
    reach.set(client, end);
  }
  for (const struct of structs) {
    if (!(struct instanceof Y.Item)) continue;
    const { origin, parent, rightOrigin } = struct;
    for (const named of [origin, rightOrigin, parent])
      if (named instanceof Y.ID && named.clock >= reachOf(named.client)) throw unfounded();
  }
  for (const [client, ranges] of deletionsOf(ds))
    for (const { clock, len } of ranges) if (clock + len > reachOf(client)) throw unfounded();
}

/** Whether the document has all of it already. Throws INVALID_MESSAGE for what is no update. */
export function isKnown(update: Uint8Array, document: Y.Doc): boolean {
  const { ds, structs } = decoded(update);
  for (const { id, length } of structs)
    if (id.clock + length > Y.getState(document.store, id.client)) return false;
  const deleted: Deletions = deletionsOf(Y.createDeleteSetFromStructStore(document.store));
  for (const [client, ranges] of deletionsOf(ds)) {
    const known = deleted.get(client) ?? [];
    for (const { clock, len } of ranges) if (!covers(known, clock, clock + len)) return false;
  }
  return true;
}

/** Whether the ranges, which are in order, hold everything from `start` to `end`. */
function covers(
  ranges: readonly { readonly clock: number; readonly len: number }[],
  start: number,
  end: number,
): boolean {
  let from = start;
  for (const { clock, len } of ranges) if (clock <= from && clock + len > from) from = clock + len;
  return from >= end;
}

function deletionsOf(ds: Contents["ds"]): Deletions {
  return ds.clients;
}

function decoded(update: Uint8Array): Contents {
  try {
    return Y.decodeUpdate(update);
  } catch (cause) {
    throw noUpdate(cause);
  }
}

export function noUpdate(cause?: unknown): GeodeError {
  return new GeodeError("INVALID_MESSAGE", "The edit is no update of Yjs.", { cause });
}

function unfounded(): GeodeError {
  return new GeodeError(
    "INVALID_MESSAGE",
    "The update of Yjs builds on edits that this document does not have.",
    {
      hint: "It is of another document, or edits before it were lost: join again, and send what the `state_vector` of the answer lacks.",
    },
  );
}
