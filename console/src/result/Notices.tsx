import type { Notice } from "@geode/client";
import type { ReactElement } from "react";
import { Prose } from "../query/Prose.tsx";

/** What the server found worth saying about a result. */
export function Notices({ notices }: { readonly notices: readonly Notice[] }): ReactElement {
  return (
    <>
      {notices.map((notice) => (
        <p key={notice.message} className="notice">
          <Prose text={notice.message} />
          {notice.hint !== undefined && (
            <span className="notice-hint">
              {" "}
              <Prose text={notice.hint} />
            </span>
          )}
        </p>
      ))}
    </>
  );
}
