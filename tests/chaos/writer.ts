/*
 * Writes to the data directory given as the first argument until it is killed, from the number given as the second on, and says on
 * standard output, one line each, which writes were acknowledged. Each write is one statement that makes two nodes and an edge between
 * them and counts itself, and an edit of a document, which is compacted now and then.
 */
import { Database } from "@geode/engine";

const WRITERS = 8;
const PAIR = `
  MATCH (c:Counter)
  SET c.value = c.value + 1
  INSERT (:Half {n: $n})-[:PAIR {n: $n}]->(:Half {n: $n})`;

/** A compaction for so many edits. */
const COMPACT_EVERY = 50;
const DOCUMENT = { document: "all", format: "json" } as const;

const [directory, first] = process.argv.slice(2);
if (directory === undefined || first === undefined)
  throw new Error("usage: writer.ts DIRECTORY FIRST");

const principal = { id: "writer", roles: [], claims: new Map() };
// Checkpoints all the time, so that some are being made, and the log is being trimmed, when the end comes.
const database = await Database.open({ directory, checkpointBytes: 4 * 1024 });
let next = Number(first);

async function write(): Promise<never> {
  for (;;) {
    const n = next;
    next += 1;
    const [, { version = 0 }] = await Promise.all([
      database.query({ text: PAIR, parameters: new Map([["n", n]]), principal }),
      database.documents.edit({
        ...DOCUMENT,
        bytes: Buffer.from(`${n} `),
        bytesMax: 1_000_000,
        principal,
      }),
    ]);
    if (version % COMPACT_EVERY === 0) await compact(version);
    await new Promise<void>((resume) => {
      process.stdout.write(`${n}\n`, () => resume());
    });
  }
}

/** What all edits up to that version say, as one. */
async function compact(version: number): Promise<void> {
  const edits = [...(database.documents.get(DOCUMENT.document)?.editsBehind(0) ?? [])];
  const known = edits.filter((edit) => edit.version <= version).map(({ bytes }) => bytes);
  await database.documents.compact({ ...DOCUMENT, version, bytes: Buffer.concat(known) });
}

await Promise.all(Array.from({ length: WRITERS }, write));
