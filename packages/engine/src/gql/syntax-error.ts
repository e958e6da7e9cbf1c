import { GeodeError } from "@geode/values";
import { positionAt } from "./position.ts";

/** 42001 with the position of `offset`. */
export function syntaxError(
  text: string,
  offset: number,
  message: string,
  hint?: string,
): GeodeError {
  return new GeodeError("42001", message, { position: positionAt(text, offset), hint });
}
