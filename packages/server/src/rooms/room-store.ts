import { encode, type Value } from "@geode/values";
import type { DatabasePort, Principal, QueryAnswer } from "../port.ts";

/** A message as it is in the graph. */
export interface StoredMessage {
  /** The element's: unique in the database. */
  readonly id: string;
  readonly room: string | null;
  /** Of a direct message, the user that it is for. */
  readonly to: string | null;
  readonly user: { readonly id: string; readonly name?: string };
  /** The id that its sender gave it. */
  readonly clientId: string | number | null;
  readonly text: string | null;
  readonly data: Value;
  readonly timestamp: string;
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

/** What its sender says. */
export interface NewMessage {
  /** Two with the same key are one message. */
  readonly key: string;
  readonly room: string | null;
  readonly to: string | null;
  readonly user: { readonly id: string; readonly name?: string };
  readonly clientId: string | number | null;
  readonly text: string | null;
  readonly data: Value;
  readonly timestamp: string;
  /** When the server got it, ISO 8601: what retention goes by. */
  readonly received: string;
}

export interface Posted {
  readonly seq: number;
  /** The key was used by a message that says something else. */
  readonly differs: boolean;
}

const SCHEMA = [
  "CREATE CONSTRAINT geode_rooms IF NOT EXISTS FOR (r:GeodeRoom) REQUIRE r.id IS UNIQUE",
  "CREATE CONSTRAINT geode_messages IF NOT EXISTS FOR (m:GeodeMessage) REQUIRE m.key IS UNIQUE",
  "CREATE CONSTRAINT geode_cursors IF NOT EXISTS FOR (c:GeodeCursor) REQUIRE c.key IS UNIQUE",
  "CREATE INDEX geode_messages_of_rooms IF NOT EXISTS FOR (m:GeodeMessage) ON (m.room, m.seq)",
  "CREATE INDEX geode_messages_to_users IF NOT EXISTS FOR (m:GeodeMessage) ON (m.to, m.seq)",
  "CREATE INDEX geode_sessions IF NOT EXISTS FOR (p:GeodePresence) ON (p.session)",
];

const COLUMNS = `element_id(m) AS id, m.room AS room, m.to AS \`to\`, m.user AS user, m.name AS name, m.client_id AS client_id,
  m.text AS text, m.data AS data, m.timestamp AS timestamp, m.seq AS seq, CAST(element_id(m) AS INT) AS place`;

/** Rooms, messages, presence and read cursors as elements of the default graph. */
export class RoomStore {
  readonly #database: Pick<DatabasePort, "query">;
  readonly #timeoutMs: number;
  #prepared: Promise<void> | null = null;

  constructor(database: Pick<DatabasePort, "query">, timeoutMs: number) {
    this.#database = database;
    this.#timeoutMs = timeoutMs;
  }

  /** Nobody is in any room: to be called when the server starts. */
  async clearPresence(): Promise<void> {
    const { rows } = await this.#run(SERVER, "MATCH (p:GeodePresence) RETURN count(*)");
    if (rows[0]?.[0] !== 0) await this.#run(SERVER, "MATCH (p:GeodePresence) DETACH DELETE p");
  }

  /** The session is in the room from now on, which is made if need be. Answers with the seq of that. */
  async enter(
    room: string,
    session: string,
    user: { readonly id: string; readonly name?: string },
  ): Promise<number> {
    await this.#prepare();
    const { seq } = await this.#run(
      user.id,
      `MERGE (r:GeodeRoom {id: $room})
       CREATE (:GeodePresence {user: $user, name: $name, session: $session})-[:IN]->(r)`,
      { room, session, user: user.id, name: user.name ?? null },
    );
    return seq;
  }

  /** The session leaves a room, or all of them. */
  async leave(user: string, session: string, room: string | null): Promise<void> {
    await this.#run(
      user,
      "MATCH (p:GeodePresence {session: $session})-[:IN]->(r:GeodeRoom) WHERE $room IS NULL OR r.id = $room DETACH DELETE p",
      { session, room },
    );
  }

  async setState(user: string, session: string, room: string, state: Value): Promise<void> {
    await this.#run(
      user,
      "MATCH (p:GeodePresence {session: $session})-[:IN]->(:GeodeRoom {id: $room}) SET p.state = $state",
      { session, room, state },
    );
  }

  /** Keeps a message, once. Resolves when it is durable. */
  async post(message: NewMessage, transaction?: Pick<DatabasePort, "query">): Promise<Posted> {
    await this.#prepare();
    const { key, room, to, user, clientId, text, data, timestamp, received } = message;
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
    const { rows, seq } = await this.#run(
      user.id,
      room === null ? POST_TO_USER : POST_TO_ROOM,
      { key, room, said },
      transaction,
    );
    const [storedSeq, ...stored] = rows[0] ?? [];
    const isNew = storedSeq === null || storedSeq === undefined;
    const same = encode(stored as Value[]) === encode([room, to, text, data]);
    return { seq: isNew ? seq : Number(storedSeq), differs: !isNew && !same };
  }

  /** The last messages of a room before a seq; null: of all. */
  async last(room: string, before: number | null, limit: number): Promise<Messages> {
    const { rows, seq } = await this.#run(
      SERVER,
      `MATCH (m:GeodeMessage {room: $room}) WHERE m.seq < $before RETURN ${COLUMNS} ORDER BY m.seq DESC, place DESC LIMIT $limit`,
      { room, before: before ?? Number.MAX_SAFE_INTEGER, limit },
    );
    return { messages: rows.map(messageOf).toReversed(), seq };
  }

  /** The first messages behind a position. */
  async next(where: Place, { place, seq: from }: Position, limit: number): Promise<Messages> {
    const { rows, seq } = await this.#run(
      SERVER,
      `MATCH (m:GeodeMessage {${"room" in where ? "room: $room" : "`to`: $to"}})
       WHERE m.seq >= $from AND (m.seq > $from OR CAST(element_id(m) AS INT) > $place)
       RETURN ${COLUMNS} ORDER BY m.seq, place LIMIT $limit`,
      { ...where, from, place, limit },
    );
    return { messages: rows.map(messageOf), seq };
  }

  /** All messages of a room that are in one commit. */
  async ofCommit(room: string, seq: number): Promise<readonly StoredMessage[]> {
    const { rows } = await this.#run(
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
    const { rows } = await this.#run(
      SERVER,
      `MATCH (m:GeodeMessage) WHERE element_id(m) = $id
       RETURN m.room, m.to, m.seq, EXISTS {
         MATCH (o:GeodeMessage) WHERE (o.room = m.room OR o.to = m.to) AND o.seq = m.seq
           AND CAST(element_id(o) AS INT) > CAST(element_id(m) AS INT)
       }`,
      { id },
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const [room, to, seq, isFollowed] = row;
    return {
      where: typeof room === "string" ? { room } : { to: textOf(to) ?? "" },
      upTo: isFollowed === true ? Number(seq) - 1 : Number(seq),
    };
  }

  /** How far a cursor is; undefined if there is none. */
  async cursor(key: string): Promise<number | undefined> {
    const { rows } = await this.#run(SERVER, "MATCH (c:GeodeCursor {key: $key}) RETURN c.seq", {
      key,
    });
    return rows[0] === undefined ? undefined : Number(rows[0][0]);
  }

  async setCursor(
    key: string,
    cursor: { readonly user: string; readonly room: string | null; readonly seq: number },
  ): Promise<void> {
    await this.#prepare();
    await this.#run(
      cursor.user,
      "MERGE (c:GeodeCursor {key: $key}) SET c.user = $user, c.room = $room, c.seq = $seq",
      { key, ...cursor },
    );
  }

  /** Up to which seq messages of a room were given up. */
  async trimmed(room: string): Promise<number> {
    const { rows } = await this.#run(SERVER, "MATCH (r:GeodeRoom {id: $room}) RETURN r.trimmed", {
      room,
    });
    return Number(rows[0]?.[0] ?? 0);
  }

  /**
   * Gives up messages beyond the newest `count`, and those from before `oldest` (ISO 8601), at most about `limit` at a time. Answers how
   * many there were.
   */
  async trim(where: Place, count: number, oldest: string, limit: number): Promise<number> {
    const pattern = `(m:GeodeMessage {${"room" in where ? "room: $room" : "`to`: $to"}})`;
    const { rows } = await this.#run(
      SERVER,
      `MATCH ${pattern} RETURN m.seq AS seq, m.received < $oldest AS old ORDER BY seq DESC`,
      { ...where, oldest },
    );
    const last = rows.findIndex(([, old], at) => at >= count || old === true);
    if (last === -1) return 0;
    const gone = rows.slice(last).toReversed().slice(0, limit);
    const upTo = Number(gone.at(-1)?.[0]);
    // The two belong together: a cursor behind what is gone has to be told.
    const mark =
      "room" in where ? "MATCH (r:GeodeRoom {id: $room}) SET r.trimmed = $upTo WITH r " : "";
    await this.#run(SERVER, `${mark}MATCH ${pattern} WHERE m.seq <= $upTo DETACH DELETE m`, {
      ...where,
      upTo,
    });
    return gone.length;
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.#createSchema().catch((error: unknown) => {
      this.#prepared = null;
      throw error;
    });
    return this.#prepared;
  }

  async #createSchema(): Promise<void> {
    for (const text of SCHEMA) await this.#run(SERVER, text);
  }

  #run(
    user: string,
    text: string,
    parameters: Readonly<Record<string, Value>> = {},
    database: Pick<DatabasePort, "query"> = this.#database,
  ): Promise<QueryAnswer> {
    const principal: Principal = { id: user, roles: [], claims: new Map(), system: true };
    return database.query({
      text,
      parameters: new Map(Object.entries(parameters)),
      principal,
      timeoutMs: this.#timeoutMs,
    });
  }
}

/** The author of what concerns no user. */
const SERVER = "geode";

const RETURN_STORED =
  "RETURN m.seq AS seq, m.room AS room, m.to AS `to`, m.text AS text, m.data AS data";
const POST_TO_USER = `MERGE (m:GeodeMessage {key: $key}) ON CREATE SET m += $said ${RETURN_STORED}`;
const POST_TO_ROOM = `MERGE (r:GeodeRoom {id: $room}) MERGE (m:GeodeMessage {key: $key}) ON CREATE SET m += $said MERGE (m)-[:IN]->(r) ${RETURN_STORED}`;

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
