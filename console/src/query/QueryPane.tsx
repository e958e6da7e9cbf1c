import { useMemo } from "react";
import type { ReactElement } from "react";
import { PlayIcon, StarIcon, StopIcon } from "../icons.tsx";
import { useStore } from "../store.ts";
import { Editor } from "./Editor.tsx";
import { LiveSwitch } from "./LiveSwitch.tsx";
import { ParameterFields } from "./ParameterFields.tsx";
import { draft, setInput, setText } from "./draft.ts";
import { parametersIn } from "./gql-language.ts";
import { runner } from "./runner.ts";
import type { Run } from "./runner.ts";

interface QueryPaneProps {
  readonly onRun: () => void;
  readonly onLive: (live: boolean) => void;
  readonly onKeep: () => void;
}

/** Where a query is written and started. */
export function QueryPane({ onRun, onLive, onKeep }: QueryPaneProps): ReactElement {
  const { text, inputs, live } = useStore(draft);
  const run = useStore(runner.run);
  const names = useMemo(() => parametersIn(text), [text]);
  const busy = run.kind === "running" || run.kind === "live";
  return (
    <section className="query-pane" aria-label="Query">
      <Editor text={text} onChange={setText} onRun={onRun} error={errorIn(run, text)} />
      <div className="run-bar">
        <button
          type="button"
          className="primary"
          data-testid="run"
          onClick={onRun}
          aria-keyshortcuts="Control+Enter Meta+Enter"
        >
          <PlayIcon />
          Run
          <kbd aria-hidden="true">{SHORTCUT}</kbd>
        </button>
        {busy && (
          <button type="button" className="quiet" onClick={() => runner.stop()}>
            <StopIcon />
            Stop
          </button>
        )}
        <LiveSwitch live={live} onChange={onLive} />
        <button
          type="button"
          className="icon-button"
          onClick={onKeep}
          aria-label="Keep this query"
          title="Keep this query; a comment on its first line is its title"
        >
          <StarIcon />
        </button>
        <ParameterFields names={names} inputs={inputs} onInput={setInput} onRun={onRun} />
      </div>
    </section>
  );
}

const SHORTCUT = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘ ⏎" : "Ctrl ⏎";

/** The error, as long as the text is still the one that has it. */
function errorIn(run: Run, text: string): (Run & { kind: "failed" })["error"] | null {
  return run.kind === "failed" && run.question.text === text ? run.error : null;
}
