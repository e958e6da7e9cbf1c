import type { Position } from "@geode/values";

/**
 * Line and column of an offset in a text. A line ends with LF, CR or CR LF; columns count UTF-16 units. An offset beyond the text is its
 * end. It reads the text from the start, so it is for errors, not for every token.
 */
export function positionAt(text: string, offset: number): Position {
  const end = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let lineStart = 0;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) {
      line++;
      lineStart = i + 1;
    }
  }
  return { line, column: end - lineStart + 1, offset: end };
}
