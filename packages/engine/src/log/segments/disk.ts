import {
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  writev,
  writevSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { syncDirectory } from "../durable-files.ts";

/** What the log asks of a disk that changes it. A test has one that fails, or loses its power. */
export interface Disk {
  /** Makes an empty file, in place of what has that path, and opens it. */
  create(path: string): number;
  /** Gives a file another name in the same directory, in place of what has that one. */
  rename(from: string, to: string): void;
  /** Takes a file away if it is there. */
  remove(path: string): Promise<void>;
  /** The disk has the names in a directory as they are when this returns; until then it may have any that were there before. */
  syncNames(directory: string): void;
  /** Puts the pieces one after the other, from `position` on. Resolves when the operating system has them. */
  write(file: number, pieces: readonly Uint8Array[], position: number): Promise<void>;
  /** Resolves when the disk has what was written. */
  sync(file: number): Promise<void>;
  /** Makes a file that short; the disk has it so when this returns. */
  cut(file: number, bytes: number): void;
}

/** Up to here a write is a copy within memory that takes less time than handing it to another thread. */
const AT_ONCE_BYTES_MAX = 512 * 1024;
/** The kernel takes no more pieces at once (IOV_MAX), and no more bytes than fit 31 bits. */
const PIECES_MAX = 1_024;
const PIECE_BYTES_MAX = 1 << 30;

/** The disk of this machine. */
export const DISK: Disk = {
  create: (path) => openSync(path, "w+", 0o600),
  rename: renameSync,
  remove: (path) => rm(path, { force: true }),
  syncNames: syncDirectory,
  async write(file, pieces, position) {
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes <= AT_ONCE_BYTES_MAX) {
      if (writevSync(file, pieces, position) === bytes) return;
    }
    let rest = pieces;
    for (let at = position; rest.length > 0;) {
      const written = await writeSome(file, firstOf(rest), at);
      if (written === 0) throw new Error("the disk takes no more");
      at += written;
      rest = behind(rest, written);
    }
  },
  sync(file) {
    return new Promise((resolve, reject) => {
      fdatasync(file, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  },
  cut(file, bytes) {
    ftruncateSync(file, bytes);
    fsyncSync(file);
  },
};

function writeSome(file: number, pieces: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(file, pieces, position, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

/** As much as one call may take. */
function firstOf(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const [first] = pieces as readonly [Uint8Array];
  return first.length >= PIECE_BYTES_MAX
    ? [first.subarray(0, PIECE_BYTES_MAX)]
    : untilFull(pieces.slice(0, PIECES_MAX));
}

function untilFull(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0;
  const end = pieces.findIndex((piece) => (bytes += piece.length) > PIECE_BYTES_MAX);
  return end === -1 ? pieces : pieces.slice(0, end);
}

function behind(pieces: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes;
  const first = pieces.findIndex((piece) => {
    if (piece.length > left) return true;
    left -= piece.length;
    return false;
  });
  if (first === -1) return [];
  return [(pieces[first] as Uint8Array).subarray(left), ...pieces.slice(first + 1)];
}
