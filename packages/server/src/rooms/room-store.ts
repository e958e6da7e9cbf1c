import { encode, type Value } from "@geode/values";
import type { DatabasePort } from "../port.ts";
import { SERVER, SystemStatements } from "../system-statements.ts";

/** What somebody says. */
interface Message {
  readonly room: string | null;
  /** Of a direct message, the user that it is for. */
  readonly to: string | null;
  readonly user: { readonly id: string; readonly name?: string };
  /** The id that its sender gave it. */
  readonly clientId: string | number | null;
  readonly text: string | null;
  readonly data: Value;
  readonly timestamp: string;
}

/** A message that is yet to be kept. */
export interface NewMessage extends Message {
  /** Two with the same key are one message. */
  readonly key: string;
  /** Its sender gave the timestamp, and would give it again with the same message. */
  readonly isDated: boolean;
  /** When the server got it, ISO 8601: what retention goes by. */
  readonly received: string;
}

/** A message as it is in the graph. */
export interface StoredMessage extends Message {
  /** The element's: unique in the database. */
  readonly id: string;
  readonly seq: number;
  /** Among those of one commit: later ones have greater places. */
  readonly place: number;
}

/** Behind a message, and before the next one. A commit may hold several. */
export interface Position {
  readonly seq: number;
  readonly place: number;
}

/** Behind everything of the commits up to that one. */
export function behind(seq: number): Position {
  return { seq, place: Number.MAX_SAFE_INTEGER };
}

/** Some of the messages in their order, and as of which commit. */
export interface Messages {
  readonly messages: readonly StoredMessage[];
  readonly seq: number;
}

/** Where messages are: in a room, or with the user that they are for. */
export type Place = { readonly room: string } | { readonly to: string };

/** How far somebody has read. */
export interface StoredCursor {
  readonly key: string;
  readonly user: string;
  /** Null: what was said to the user. */
  readonly room: string | null;
  /** Everything up to there. */
  readonly seq: number;
}

export interface Posted {
  readonly seq: number;
  /** The key was used by a message that says something else. */
  readonly differs: boolean;
}

const SCHEMA = [
  "CREATE CONSTRAINT geode_rooms IF NOT EXISTS FOR (r:GeodeRoom) REQUIRE r.id IS UNIQUE",
  "CREATE INDEX geode_rooms_of_users IF NOT EXISTS FOR (r:GeodeRoom) ON (r.creator)",
  "CREATE CONSTRAINT geode_messages IF NOT EXISTS FOR (m:GeodeMessage) REQUIRE m.key IS UNIQUE",
  "CREATE CONSTRAINT geode_cursors IF NOT EXISTS FOR (c:GeodeCursor) REQUIRE c.key IS UNIQUE",
  "CREATE INDEX geode_messages_of_rooms IF NOT EXISTS FOR (m:GeodeMessage) ON (m.room, m.seq)",
  "CREATE INDEX geode_messages_to_users IF NOT EXISTS FOR (m:GeodeMessage) ON (m.to, m.seq)",
  "CREATE INDEX geode_messages_by_age IF NOT EXISTS FOR (m:GeodeMessage) ON (m.received)",
  "CREATE INDEX geode_sessions IF NOT EXISTS FOR (p:GeodePresence) ON (p.session)",
];

/** So many commits are looked at first for the messages of a room; then so many times as many. */
const STRETCH = 512;
const STRETCH_GROWTH = 16;

const COLUMNS = `element_id(m) AS id, m.room AS room, m.to AS \`to\`, m.user AS user, m.name AS name, m.client_id AS client_id,
  m.text AS text, m.data AS data, m.timestamp AS timestamp, m.seq AS seq, CAST(element_id(m) AS INT) AS place`;

/** Rooms, messages, presence and read cursors as elements of the default graph. */
export class RoomStore {
  readonly #database: Pick<DatabasePort, "query" | "seq">;
  readonly #statements: SystemStatements;

  constructor(database: Pick<DatabasePort, "query" | "seq">, timeoutMs: number) {
    this.#database = database;
    this.#statements = new SystemStatements({ database, timeoutMs, schema: SCHEMA });
  }

  /** Nobody is in any room: to be called when the server starts. */
  async clearPresence(): Promise<void> {
    const { rows } = await this.#statements.run(SERVER, "MATCH (p:GeodePresence) RETURN count(*)");
    if (rows[0]?.[0] !== 0)
      await this.#statements.run(SERVER, "MATCH (p:GeodePresence) DETACH DELETE p");
  }

  async exists(room: string, transaction?: Pick<DatabasePort, "query">): Promise<boolean> {
    const text = "MATCH (r:GeodeRoom {id: $room}) RETURN count(*)";
    const { rows } = await this.#statements.run(SERVER, text, { room }, transaction);
    return rows[0]?.[0] === 1;
  }

  /** How many rooms a user has made. */
  async countOf(user: string, transaction?: Pick<DatabasePort, "query">): Promise<number> {
    const text = "MATCH (r:GeodeRoom {creator: $user}) RETURN count(*)";
    const { rows } = await this.#statements.run(SERVER, text, { user }, transaction);
    return Number(rows[0]?.[0] ?? 0);
  }

  /** The session is in the room from now on, which is made if need be. Answers with the seq of that. */
  async enter(
    room: string,
    session: string,
    user: { readonly id: string; readonly name?: string },
  ): Promise<number> {
    await this.#statements.prepare();
    const { seq } = await this.#statements.run(
      user.id,
      `MERGE (r:GeodeRoom {id: $room}) ON CREATE SET r.creator = $user
       CREATE (:GeodePresence {user: $user, name: $name, session: $session})-[:IN]->(r)`,
      { room, session, user: user.id, name: user.name ?? null },
    );
    return seq;
  }

  /** The session leaves a room, or all of them. */
  async leave(user: string, session: string, room: string | null): Promise<void> {
    await this.#statements.run(
      user,
      "MATCH (p:GeodePresence {session: $session})-[:IN]->(r:GeodeRoom) WHERE $room IS NULL OR r.id = $room DETACH DELETE p",
      { session, room },
    );
  }

  async setState(user: string, session: string, room: string, state: Value): Promise<void> {
    await this.#statements.run(
      user,
      "MATCH (p:GeodePresence {session: $session})-[:IN]->(:GeodeRoom {id: $room}) SET p.state = $state",
      { session, room, state },
    );
  }

  /** Keeps a message, once. Resolves when it is durable. */
  async post(message: NewMessage, transaction?: Pick<DatabasePort, "query">): Promise<Posted> {
    await this.#statements.prepare();
    const { key, room, to, user, clientId, text, data, timestamp, received, isDated } = message;
    const said = new Map<string, Value>([
      ["room", room],
      ["to", to],
      ["user", user.id],
      ["name", user.name ?? null],
      ["client_id", clientId],
      ["text", text],
      ["data", data],
      ["timestamp", timestamp],
      ["received", received],
    ]);
    const { rows, seq } = await this.#statements.run(
      user.id,
      room === null ? POST_TO_USER : POST_TO_ROOM,
      { key, said, ...(room === null ? {} : { room, creator: user.id }) },
      transaction,
    );
    const [storedSeq, storedTimestamp, ...stored] = rows[0] ?? [];
    const isNew = storedSeq === null || storedSeq === undefined;
    const same =
      (!isDated || storedTimestamp === timestamp) &&
      encode(stored as Value[]) === encode([room, to, text, data]);
    return { seq: isNew ? seq : Number(storedSeq), differs: !isNew && !same };
  }

  /**
   * The last messages of a room before a seq; null: of all. They are looked for backwards in stretches that grow: a room may keep very
   * many, and only the last are wanted.
   */
  async last(room: string, before: number | null, limit: number): Promise<Messages> {
    let asOf: number | undefined;
    let found: readonly StoredMessage[] = [];
    let to = before ?? Number.MAX_SAFE_INTEGER;
    for (let stretch = STRETCH; ; stretch *= STRETCH_GROWTH) {
      const from = Math.max(0, Math.min(to, this.#database.seq + 1) - stretch);
      const { rows, seq } = await this.#statements.run(
        SERVER,
        `MATCH (m:GeodeMessage {room: $room}) WHERE m.seq >= $from AND m.seq < $to
         RETURN ${COLUMNS} ORDER BY m.seq DESC, place DESC LIMIT $limit`,
        { room, from, to, limit: limit - found.length },
      );
      // What is said while older ones are looked for is not among them.
      asOf ??= seq;
      found = [...rows.map(messageOf).toReversed(), ...found];
      if (from === 0 || found.length >= limit) return { messages: found, seq: asOf };
      to = from;
    }
  }

  /** The first messages behind a position, looked for in stretches as {@link last} does: a long backlog is read in many pages. */
  async next(where: Place, { place, seq: from }: Position, limit: number): Promise<Messages> {
    const found: StoredMessage[] = [];
    let start = from;
    for (let stretch = STRETCH; ; stretch *= STRETCH_GROWTH) {
      // Beyond the present there is no end: what is said meanwhile belongs to it.
      const end = start + stretch > this.#database.seq ? null : start + stretch;
      const { rows, seq } = await this.#statements.run(
        SERVER,
        `MATCH ${patternOf(where)}
         WHERE m.seq >= $start${end === null ? "" : " AND m.seq < $end"}
           AND (m.seq > $from OR CAST(element_id(m) AS INT) > $place)
         RETURN ${COLUMNS} ORDER BY m.seq, place LIMIT $limit`,
        {
          ...where,
          start,
          from,
          place,
          limit: limit - found.length,
          ...(end === null ? {} : { end }),
        },
      );
      for (const row of rows) found.push(messageOf(row));
      if (end === null || found.length >= limit) return { messages: found, seq };
      start = end;
    }
  }

  /** All messages of a room that are in one commit. */
  async ofCommit(room: string, seq: number): Promise<readonly StoredMessage[]> {
    const { rows } = await this.#statements.run(
      SERVER,
      `MATCH (m:GeodeMessage {room: $room, seq: $seq}) RETURN ${COLUMNS} ORDER BY place`,
      { room, seq },
    );
    return rows.map(messageOf);
  }

  /**
   * Where a message is, and up to which seq whoever has it has everything there: that of its commit only if it is the last of that.
   * Undefined if there is no such message.
   */
  async find(id: string): Promise<{ readonly where: Place; readonly upTo: number } | undefined> {
    const { rows } = await this.#statements.run(
      SERVER,
      "MATCH (m:GeodeMessage) WHERE element_id(m) = $id RETURN m.room, m.to, m.seq",
      { id },
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const [room, to, storedSeq] = row;
    const seq = Number(storedSeq);
    const where: Place = typeof room === "string" ? { room } : { to: textOf(to) ?? "" };
    // Asked for apart, and by the place, there is an index for it: every ACK of every reader comes here.
    const { rows: ofCommit } = await this.#statements.run(
      SERVER,
      `MATCH ${patternOf(where)} WHERE m.seq = $seq RETURN max(CAST(element_id(m) AS INT))`,
      { ...where, seq },
    );
    return { where, upTo: Number(ofCommit[0]?.[0]) > Number(id) ? seq - 1 : seq };
  }

  /** How far a cursor is; undefined if there is none. */
  async cursor(key: string): Promise<number | undefined> {
    const { rows } = await this.#statements.run(
      SERVER,
      "MATCH (c:GeodeCursor {key: $key}) RETURN c.seq",
      {
        key,
      },
    );
    return rows[0] === undefined ? undefined : Number(rows[0][0]);
  }

  /** In one commit: readers are many, and move all the time. */
  async setCursors(cursors: readonly StoredCursor[]): Promise<void> {
    await this.#statements.prepare();
    await this.#statements.run(
      SERVER,
      "FOR c IN $cursors MERGE (s:GeodeCursor {key: c.key}) SET s.user = c.user, s.room = c.room, s.seq = c.seq",
      { cursors: cursors.map((cursor) => new Map(Object.entries(cursor))) },
    );
  }

  /** Up to which seq messages of a room were given up. */
  async trimmed(room: string): Promise<number> {
    const { rows } = await this.#statements.run(
      SERVER,
      "MATCH (r:GeodeRoom {id: $room}) RETURN r.trimmed",
      {
        room,
      },
    );
    return Number(rows[0]?.[0] ?? 0);
  }

  /**
   * Gives up messages beyond the newest `count`, and those from before `oldest` (ISO 8601), the oldest first and at most about `limit` at
   * a time. Answers how many there were.
   */
  async trim(where: Place, count: number, oldest: string, limit: number): Promise<number> {
    const pattern = patternOf(where);
    const { rows: sums } = await this.#statements.run(
      SERVER,
      `MATCH ${pattern} RETURN count(*), min(m.seq)`,
      {
        ...where,
      },
    );
    const [kept, first] = sums[0] ?? [];
    if (typeof first !== "number") return 0;
    const tooMany = Number(kept) - count;
    const rows = await this.#oldest(where, first, limit, oldest);
    const last = rows.findLastIndex(({ isOld }, at) => at < tooMany || isOld);
    const upTo = rows[last]?.seq;
    if (upTo === undefined) return 0;
    // The two belong together: a cursor behind what is gone has to be told.
    const mark =
      "room" in where ? "MATCH (r:GeodeRoom {id: $room}) SET r.trimmed = $upTo WITH r " : "";
    await this.#statements.run(
      SERVER,
      `${mark}MATCH ${pattern} WHERE m.seq >= $first AND m.seq <= $upTo DETACH DELETE m`,
      { ...where, first, upTo },
    );
    return last + 1;
  }

  /** The oldest messages there, from the seq of the first one on. */
  async #oldest(
    where: Place,
    first: number,
    limit: number,
    oldest: string,
  ): Promise<readonly { readonly seq: number; readonly isOld: boolean }[]> {
    const found: { readonly seq: number; readonly isOld: boolean }[] = [];
    let from = first;
    for (let stretch = STRETCH; from <= this.#database.seq; stretch *= STRETCH_GROWTH) {
      const end = from + stretch;
      const { rows } = await this.#statements.run(
        SERVER,
        `MATCH ${patternOf(where)} WHERE m.seq >= $from AND m.seq < $end
         RETURN m.seq AS seq, m.received < $oldest ORDER BY seq LIMIT $limit`,
        { ...where, from, end, oldest, limit: limit - found.length },
      );
      for (const [seq, isOld] of rows) found.push({ seq: Number(seq), isOld: isOld === true });
      if (found.length >= limit) break;
      from = end;
    }
    return found;
  }

  /** When the oldest message of all was received, ISO 8601; undefined if there is none. */
  async firstReceived(): Promise<string | undefined> {
    const { rows } = await this.#statements.run(
      SERVER,
      "MATCH (m:GeodeMessage) RETURN min(m.received)",
    );
    const first = textOf(rows[0]?.[0]);
    if (first === null) return undefined;
    // Whoever asks will ask on by age: a database from before there was an index for that gets it now.
    await this.#statements.prepare();
    return first;
  }

  /** How many messages were received from then on, and before then; ISO 8601. */
  async countReceived(from: string, to: string): Promise<number> {
    const { rows } = await this.#statements.run(SERVER, `${RECEIVED} RETURN count(*)`, {
      from,
      to,
    });
    return Number(rows[0]?.[0] ?? 0);
  }

  /** Where they are. */
  async placesReceived(from: string, to: string): Promise<readonly Place[]> {
    const { rows } = await this.#statements.run(
      SERVER,
      `${RECEIVED} RETURN DISTINCT m.room AS room, m.to AS \`to\``,
      { from, to },
    );
    return rows.map(([room, user]) =>
      typeof room === "string" ? { room } : { to: textOf(user) ?? "" },
    );
  }
}

function patternOf(where: Place): string {
  return `(m:GeodeMessage {${"room" in where ? "room: $room" : "`to`: $to"}})`;
}

const RECEIVED = "MATCH (m:GeodeMessage) WHERE m.received >= $from AND m.received < $to";

const RETURN_STORED =
  "RETURN m.seq AS seq, m.timestamp AS timestamp, m.room AS room, m.to AS `to`, m.text AS text, m.data AS data";
const POST_TO_USER = `MERGE (m:GeodeMessage {key: $key}) ON CREATE SET m += $said ${RETURN_STORED}`;
const POST_TO_ROOM = `MERGE (r:GeodeRoom {id: $room}) ON CREATE SET r.creator = $creator MERGE (m:GeodeMessage {key: $key}) ON CREATE SET m += $said MERGE (m)-[:IN]->(r) ${RETURN_STORED}`;

/** From the properties of its node. */
export function storedMessage(id: string, properties: ReadonlyMap<string, Value>): StoredMessage {
  const of = (name: string): Value => properties.get(name) ?? null;
  const names = ["room", "to", "user", "name", "client_id", "text", "data", "timestamp", "seq"];
  return messageOf([id, ...names.map(of), Number(id)]);
}

function messageOf(row: readonly Value[]): StoredMessage {
  const [id, room, to, user, name, clientId, text, data, timestamp, seq, place] = row;
  return {
    id: textOf(id) ?? "",
    room: textOf(room),
    to: textOf(to),
    user: { id: textOf(user) ?? "", ...(typeof name === "string" ? { name } : {}) },
    clientId: typeof clientId === "number" ? clientId : textOf(clientId),
    text: textOf(text),
    data: data ?? null,
    timestamp: textOf(timestamp) ?? "",
    seq: Number(seq),
    place: Number(place),
  };
}

function textOf(value: Value | undefined): string | null {
  return typeof value === "string" ? value : null;
}
