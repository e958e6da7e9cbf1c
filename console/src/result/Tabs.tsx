import type { KeyboardEvent, ReactElement } from "react";

export type Tab = "table" | "graph" | "json";

const TABS: readonly (readonly [Tab, string])[] = [
  ["table", "Table"],
  ["graph", "Graph"],
  ["json", "JSON"],
];

/** The views of a result, as tabs of which the arrow keys choose one. */
export function Tabs({
  tab,
  onChange,
}: {
  readonly tab: Tab;
  readonly onChange: (tab: Tab) => void;
}): ReactElement {
  const move = (event: KeyboardEvent<HTMLButtonElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    const position = TABS.findIndex(([name]) => name === tab);
    const [next] = TABS[(position + step + TABS.length) % TABS.length] as (typeof TABS)[number];
    onChange(next);
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <div role="tablist" aria-label="Views of the result" className="tabs">
      {TABS.map(([name, title]) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          data-testid={`tab-${name}`}
          aria-selected={tab === name}
          aria-controls="result-panel"
          tabIndex={tab === name ? 0 : -1}
          onClick={() => onChange(name)}
          onKeyDown={move}
        >
          {title}
        </button>
      ))}
    </div>
  );
}
