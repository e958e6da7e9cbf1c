import { useEffect, useMemo, useState } from "react";
import type { ReactElement } from "react";
import { CopyIcon } from "../icons.tsx";
import { rowsJson } from "./json-text.ts";
import type { ResultView } from "./view.ts";

/** Rows that are written out; all of them are copied. */
const ROWS_SHOWN_MAX = 500;
/** How long the button says what became of it. */
const SAID_MS = 1_500;

/** The rows as JSON. */
export function RawJson({ view }: { readonly view: ResultView }): ReactElement {
  const [copied, setCopied] = useState<string | null>(null);
  const text = useMemo(() => rowsJson(view.rows.slice(0, ROWS_SHOWN_MAX)), [view.rows]);
  const copy = (): void => {
    navigator.clipboard.writeText(rowsJson(view.rows)).then(
      () => setCopied("Copied"),
      // The browser may ask the user, and the user may say no.
      () => setCopied("Not allowed"),
    );
  };
  useEffect(() => {
    if (copied === null) return undefined;
    const timer = setTimeout(() => setCopied(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div className="raw">
      <div className="raw-bar">
        {view.rows.length > ROWS_SHOWN_MAX && (
          <span>
            The first {ROWS_SHOWN_MAX} of {view.rows.length.toLocaleString("en")} rows
          </span>
        )}
        {/* Only a secure page (TLS or loopback) may write to the clipboard. */}
        {window.isSecureContext && (
          <button type="button" className="quiet" onClick={copy}>
            <CopyIcon />
            {copied ?? "Copy all"}
          </button>
        )}
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard */}
      <pre className="raw-text" tabIndex={0} data-testid="raw-json">
        {text}
      </pre>
    </div>
  );
}
