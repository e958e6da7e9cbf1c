import * as encoding from "lib0/encoding";
import * as Y from "yjs";

type Struct = ReturnType<typeof Y.decodeUpdate>["structs"][number];

/** No edit is longer, in bytes: in base64, with what is around it, it fits into one frame of the server. */
const PIECE_BYTES_MAX = 512 * 1024;

/**
 * An update as several, none much longer than `bytesMax`, each of which builds only on those before it and on what the whole builds on.
 * One that is short enough stays as it is. Format: yjs, "Document Updates", version 1.
 */
export function* piecesOf(update: Uint8Array, bytesMax = PIECE_BYTES_MAX): Generator<Uint8Array> {
  const structs = update.length <= bytesMax ? [] : Y.decodeUpdate(update).structs;
  if (structs.length === 0 || structs.some((struct) => struct instanceof Y.Skip))
    return yield update;
  let piece: Struct[] = [];
  let bytes = 0;
  for (const struct of inOrder(structs.flatMap((whole) => [...partsOf(whole, bytesMax)]))) {
    const own = lengthOf(struct);
    if (bytes > 0 && bytes + own > bytesMax) {
      yield encoded(piece);
      piece = [];
      bytes = 0;
    }
    piece.push(struct);
    bytes += own;
  }
  yield encoded(piece);
  yield Y.diffUpdate(update, Y.encodeStateVector(endsOf(structs)));
}

/** Such that whatever a struct names comes before it. In an update they are by client. */
function* inOrder(structs: readonly Struct[]): Generator<Struct> {
  const queues = [...Map.groupBy(structs, ({ id }) => id.client)].map(([client, own]) => ({
    client,
    own,
    at: 0,
  }));
  /** By client: what is before that is there. Of the others, everything is. */
  const reach = new Map(queues.map(({ client, own }) => [client, own[0]!.id.clock]));
  const isThere = (named: unknown): boolean =>
    !(named instanceof Y.ID) || named.clock < (reach.get(named.client) ?? Infinity);
  let left = structs.length;
  while (left > 0) {
    const before = left;
    for (const queue of queues) {
      for (; queue.at < queue.own.length; queue.at += 1) {
        const next = queue.own[queue.at]!;
        if (next instanceof Y.Item)
          if (![next.origin, next.rightOrigin, next.parent].every(isThere)) break;
        reach.set(queue.client, next.id.clock + next.length);
        left -= 1;
        yield next;
      }
    }
    if (left === before) throw new Error("an update that builds on itself");
  }
}

/** A long text, as somebody pasted it, in parts; everything else as it is. */
function* partsOf(struct: Struct, bytesMax: number): Generator<Struct> {
  if (!(struct instanceof Y.Item && struct.content instanceof Y.ContentString)) return yield struct;
  const { content, id, parent, parentSub, rightOrigin } = struct;
  const text = content.str;
  // A UTF-16 unit is three bytes at most.
  const lengthMax = Math.max(2, Math.floor(bytesMax / 3));
  if (text.length <= lengthMax) return yield struct;
  let { origin } = struct;
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + lengthMax);
    // Not within a character of two units.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1]!)) end -= 1;
    const part = new Y.ContentString(text.slice(start, end));
    const at = Y.createID(id.client, id.clock + start);
    yield new Y.Item(at, null, origin, null, rightOrigin, parent, parentSub, part);
    origin = Y.createID(id.client, id.clock + end - 1);
    start = end;
  }
}

function encoded(structs: readonly Struct[]): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  const byClient = Map.groupBy(structs, ({ id }) => id.client);
  encoding.writeVarUint(encoder.restEncoder, byClient.size);
  for (const [client, own] of byClient) {
    encoding.writeVarUint(encoder.restEncoder, own.length);
    encoder.writeClient(client);
    encoding.writeVarUint(encoder.restEncoder, own[0]!.id.clock);
    for (const struct of own) struct.write(encoder, 0);
  }
  // No deletions.
  encoding.writeVarUint(encoder.restEncoder, 0);
  return encoder.toUint8Array();
}

/** In bytes, encoded. */
function lengthOf(struct: Struct): number {
  const encoder = new Y.UpdateEncoderV1();
  struct.write(encoder, 0);
  return encoding.length(encoder.restEncoder);
}

/** By client, what is behind its last struct. */
function endsOf(structs: readonly Struct[]): Map<number, number> {
  return new Map(structs.map(({ id, length }) => [id.client, id.clock + length]));
}
