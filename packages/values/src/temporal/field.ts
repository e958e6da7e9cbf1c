import { GeodeError } from "../error.ts";

/** The same value; 22003 if it is out of range, both ends of which belong to it. */
export function requireField(
  name: string,
  value: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (!(value >= min && value <= max)) {
    throw new GeodeError("22003", `\`${name}\` is ${value}, but goes from ${min} to ${max} here`);
  }
  return value;
}
