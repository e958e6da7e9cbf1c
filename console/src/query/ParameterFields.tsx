import type { ReactElement } from "react";
import { parseParameter } from "./parameters.ts";

interface ParameterFieldsProps {
  readonly names: readonly string[];
  readonly inputs: ReadonlyMap<string, string>;
  readonly onInput: (name: string, input: string) => void;
  readonly onRun: () => void;
}

/** One field for each parameter of the query. JSON, or plain text for a string; the type that it will have stands beside it. */
export function ParameterFields({
  names,
  inputs,
  onInput,
  onRun,
}: ParameterFieldsProps): ReactElement | null {
  if (names.length === 0) return null;
  return (
    <fieldset className="parameters">
      <legend className="visually-hidden">Parameters: JSON, or plain text</legend>
      {names.map((name) => {
        const input = inputs.get(name) ?? "";
        return (
          <label key={name} className="parameter">
            <span className="parameter-name">${name}</span>
            <input
              value={input}
              placeholder="null"
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              data-testid={`parameter-${name}`}
              onChange={(event) => onInput(name, event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter") onRun();
              }}
            />
            <span className="parameter-type">
              {input.trim() === "" ? "NULL" : parseParameter(input).type}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
