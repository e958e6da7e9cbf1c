import * as Y from "yjs";

/** A document as people read it. */
export interface DocumentText {
  readonly title: string | null;
  readonly text: string;
}

const TITLE_LENGTH_MAX = 200;

/**
 * The text of a document of Yjs: of all its shared types, by name, whatever editor they belong to. What the editor calls a block begins
 * on a line of its own. The title is what the document says of itself (a text `title`, or `title` in a map), else its first line.
 */
export function textOf(doc: Y.Doc): DocumentText {
  const texts: string[] = [];
  let title: string | null = null;
  for (const name of [...doc.share.keys()].sort()) {
    const type = doc.share.get(name)!;
    const own = titleIn(type);
    if (own !== null) title ??= own;
    const text = textIn(type);
    if (name === "title") title = text;
    else if (text !== "") texts.push(text);
  }
  const text = texts.join("\n");
  const firstLine = /\S[^\n]*/.exec(text)?.[0]?.trimEnd() ?? null;
  return { title: (title ?? firstLine)?.slice(0, TITLE_LENGTH_MAX) ?? null, text };
}

// oxlint-disable-next-line typescript/no-explicit-any -- So Yjs has it.
type Shared = Y.AbstractType<Y.YEvent<any>>;

function titleIn(type: Shared): string | null {
  const item = type._map.get("title");
  if (item === undefined || item.deleted || !(item.content instanceof Y.ContentAny)) return null;
  const value: unknown = item.content.arr.at(-1);
  return typeof value === "string" ? value : null;
}

/** Whether what is in it begins and ends on lines of its own. */
function isBlock(type: Shared): boolean {
  return type instanceof Y.XmlElement;
}

/** With an own stack: how deep a document is nested is up to its authors. */
function textIn(root: Shared): string {
  let text = "";
  const endLine = (): void => {
    if (text !== "" && !text.endsWith("\n")) text += "\n";
  };
  const open: { readonly type: Shared; next: Y.Item | null }[] = [
    { type: root, next: root._start },
  ];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { next: item } = top;
    if (item === null) {
      open.pop();
      if (isBlock(top.type)) endLine();
      continue;
    }
    top.next = item.right;
    if (item.deleted) continue;
    const { content } = item;
    if (content instanceof Y.ContentString) text += content.str;
    else if (content instanceof Y.ContentAny)
      for (const value of content.arr as unknown[]) {
        if (typeof value === "string") text += `${value}\n`;
      }
    else if (content instanceof Y.ContentType) {
      const type = content.type as Shared;
      if (isBlock(type)) endLine();
      open.push({ type, next: type._start });
    }
  }
  return text.replace(/\n+$/, "");
}
