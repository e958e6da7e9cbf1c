import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GeodeError } from "@geode/values";
import type { RevocationStore, RevokedState } from "./revocations.ts";

const FILE_NAME = "revocations.json";

/** Keeps revocations in a file of the data directory, which appears whole or not at all. */
export function revocationFile(directory: string): RevocationStore {
  const path = join(directory, FILE_NAME);
  return {
    async load() {
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { users: [], tokens: [] };
        throw new GeodeError("UNAVAILABLE", `${path} cannot be read`, { cause });
      }
      return parsed(path, text);
    },
    async save(state) {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        await replaceFile(path, `${JSON.stringify(state)}\n`);
      } catch (cause) {
        throw new GeodeError("UNAVAILABLE", `${path} cannot be written`, { cause });
      }
    },
  };
}

async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function parsed(path: string, text: string): RevokedState {
  try {
    const json = JSON.parse(text) as Partial<RevokedState> | null;
    if (isList(json?.users, false) && isList(json?.tokens, true)) return json as RevokedState;
  } catch {
    // It is reported below, like any other damage.
  }
  throw new GeodeError("CORRUPT", `${path} is damaged`, {
    hint: "It says whose tokens are revoked. Restore it, or delete it and revoke again; those tokens count until then.",
  });
}

function isList(entries: unknown, mayBeNull: boolean): boolean {
  return (
    Array.isArray(entries) &&
    (entries as unknown[]).every(
      (entry) =>
        Array.isArray(entry) &&
        entry.length === 2 &&
        typeof entry[0] === "string" &&
        (Number.isFinite(entry[1]) || (mayBeNull && entry[1] === null)),
    )
  );
}
