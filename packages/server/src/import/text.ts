import { createReadStream } from "node:fs";
import { ImportProblem } from "./problem.ts";

const LINE_FEED = 0x0a;

/** A file's text in pieces, as UTF-8 without a byte order mark. Throws ImportProblem where it is not UTF-8. */
export async function* textOf(
  file: string,
  onBytes: (bytes: Uint8Array) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for await (const bytes of createReadStream(file) as AsyncIterable<Buffer>) {
    onBytes(bytes);
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: true });
    } catch {
      throw notUtf8(file, line + linesBeforeDamage(bytes));
    }
    line += countOf(bytes);
    yield text;
  }
  try {
    yield decoder.decode();
  } catch {
    throw notUtf8(file, line);
  }
}

/** Lines with their numbers, without their ends, as many at once as are there. Throws ImportProblem for one that is longer than `lengthMax`. */
export async function* linesOf(
  file: string,
  pieces: AsyncIterable<string>,
  lengthMax: number,
): AsyncGenerator<readonly { line: number; text: string }[]> {
  let rest = "";
  let line = 1;
  for await (const piece of pieces) {
    const texts = (rest + piece).split("\n");
    rest = texts.pop()!;
    const lines: { line: number; text: string }[] = [];
    for (const text of texts) {
      if (text.length > lengthMax) {
        yield lines;
        throw tooLong(file, line, lengthMax);
      }
      lines.push({ line: line++, text: text.endsWith("\r") ? text.slice(0, -1) : text });
    }
    yield lines;
    if (rest.length > lengthMax) throw tooLong(file, line, lengthMax);
  }
  if (rest !== "") yield [{ line, text: rest }];
}

/** How many line ends stand before the first line that is not UTF-8. A multi-byte character never contains a line end. */
function linesBeforeDamage(bytes: Uint8Array): number {
  let start = 0;
  for (let lines = 0; ; lines++) {
    const end = bytes.indexOf(LINE_FEED, start);
    if (end === -1) return lines;
    try {
      // The first piece may begin inside a character whose beginning was in the last chunk: only continuation bytes are forgiven.
      new TextDecoder("utf-8", { fatal: true }).decode(
        bytes.subarray(lines === 0 ? continuation(bytes) : start, end),
      );
    } catch {
      return lines;
    }
    start = end + 1;
  }
}

function continuation(bytes: Uint8Array): number {
  let count = 0;
  while (count < 3 && ((bytes[count] ?? 0) & 0xc0) === 0x80) count++;
  return count;
}

function countOf(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

function notUtf8(file: string, line: number): ImportProblem {
  return new ImportProblem(file, line, "this is not UTF-8 text; convert the file, e.g. with iconv");
}

function tooLong(file: string, line: number, lengthMax: number): ImportProblem {
  return new ImportProblem(file, line, `the line is longer than ${lengthMax} characters`);
}
