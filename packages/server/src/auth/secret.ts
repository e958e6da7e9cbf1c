import { randomBytes } from "node:crypto";
import { access, chmod, link, mkdir, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GeodeError } from "@geode/values";
import type { Secret } from "./keys.ts";

/** 256 bits, as RFC 7518 §3.2 asks for HS256. */
const SECRET_BYTES_MIN = 32;
const FILE_NAME = "jwt-secret";

/** The secret that somebody configured. Throws INVALID_MESSAGE if it is too short to be one. */
export function configuredSecret(text: string): Secret {
  const secret = new TextEncoder().encode(text);
  if (secret.length < SECRET_BYTES_MIN) {
    throw new GeodeError(
      "INVALID_MESSAGE",
      `JWT_SECRET has ${secret.length * 8} bits; at least ${SECRET_BYTES_MIN * 8} are needed`,
      {
        hint: "Make one with: openssl rand -base64 48",
      },
    );
  }
  return secret;
}

/**
 * The secret that a data directory keeps for those who configured none; made on first use, readable by its owner only.
 * Throws UNAVAILABLE if the directory cannot be used, CORRUPT if the file was damaged. Its text may be used as JWT_SECRET elsewhere.
 */
export async function keptSecret(directory: string): Promise<Secret> {
  const path = join(directory, FILE_NAME);
  let text: string;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if (!(await exists(path))) await makeOnce(path);
    await chmod(path, 0o600);
    text = (await readFile(path, "utf8")).trim();
  } catch (cause) {
    throw new GeodeError(
      "UNAVAILABLE",
      `${directory} cannot be used as a data directory: ${(cause as Error).message}`,
      {
        hint: "Name another with --data, or make this one a directory that you may write to.",
        cause,
      },
    );
  }
  try {
    return configuredSecret(text);
  } catch (cause) {
    throw new GeodeError("CORRUPT", `${path} holds no secret`, {
      hint: "Delete the file; a new secret is made at the next start, and tokens of the old one end.",
      cause,
    });
  }
}

/** Makes a new secret unless there is one, whoever made it. The file appears with all its content, or not at all. */
async function makeOnce(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${randomBytes(48).toString("base64url")}\n`);
    await file.sync();
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await file.close();
    await unlink(draft);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
