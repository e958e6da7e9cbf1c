import type { GeodeError } from "@geode/client";
import type { ReactElement } from "react";
import { Prose } from "./Prose.tsx";

/** What was wrong, where, and what to do about it. */
export function ErrorCard({
  error,
  text,
}: {
  readonly error: GeodeError;
  readonly text: string;
}): ReactElement {
  const { position } = error;
  const line = position === undefined ? undefined : text.split("\n")[position.line - 1];
  return (
    <div className="error-card" role="alert" data-testid="error">
      <p className="error-message">
        <Prose text={error.message} />
      </p>
      {position !== undefined && line !== undefined && (
        <pre className="error-line" aria-hidden="true">
          <span className="error-gutter">{position.line}</span>
          {line}
          {"\n"}
          <span className="error-gutter" />
          {" ".repeat(position.column - 1)}
          <span className="error-caret">^</span>
        </pre>
      )}
      {error.hint !== undefined && (
        <p className="error-hint">
          <Prose text={error.hint} />
        </p>
      )}
      <p className="error-code">
        {error.code}
        {position !== undefined && `, line ${position.line}, column ${position.column}`}
      </p>
    </div>
  );
}
