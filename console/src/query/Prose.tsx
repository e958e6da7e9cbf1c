import type { ReactElement } from "react";

/** A sentence of the server's, with what it puts in backticks set as code. */
export function Prose({ text }: { readonly text: string }): ReactElement {
  const parts = text.split("`");
  return (
    <>
      {parts.map((part, position) => {
        // A backtick without its partner is just a backtick.
        const code = position % 2 === 1 && position < parts.length - 1;
        const plain = position % 2 === 1 && !code ? `\`${part}` : part;
        // oxlint-disable-next-line react/no-array-index-key -- the parts of one fixed text
        return code ? <code key={position}>{part}</code> : plain;
      })}
    </>
  );
}
