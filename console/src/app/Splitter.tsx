import { useRef } from "react";
import type { ReactElement } from "react";

interface SplitterProps {
  /** Height of what is above, in pixels. */
  readonly height: number;
  readonly onChange: (height: number) => void;
}

const HEIGHT_MIN = 90;
const KEY_STEP = 24;

/** The line between editor and result, moved by pointer or arrow keys. */
export function Splitter({ height, onChange }: SplitterProps): ReactElement {
  const start = useRef<{ readonly y: number; readonly height: number } | null>(null);
  const move = (to: number): void =>
    onChange(Math.round(Math.min(Math.max(to, HEIGHT_MIN), window.innerHeight * 0.7)));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions -- a separator with a value is a widget
    <div
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the editor"
      aria-valuenow={height}
      aria-valuemin={HEIGHT_MIN}
      tabIndex={0}
      className="splitter"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { y: event.clientY, height };
      }}
      onPointerMove={(event) => {
        if (start.current !== null) move(start.current.height + event.clientY - start.current.y);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowUp") move(height - KEY_STEP);
        if (event.key === "ArrowDown") move(height + KEY_STEP);
      }}
    />
  );
}
