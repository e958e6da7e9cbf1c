import { GeodeError } from "../error.ts";

/** A decimal number, exactly: `digits` / 10^`places`. */
export interface Decimal {
  readonly digits: bigint;
  readonly places: number;
}

const DECIMAL = /^([+-]?)(\d+)(?:[.,](\d+))?(?:e([+-]?\d+))?$/;

/** A number as it is written, so that 0.1 is a tenth. 22003 for NaN and the infinities. */
export function decimalOf(value: number | bigint): Decimal {
  return parseDecimal(String(value));
}

/** Reads `-1`, `1.5`, `1,5`, `1e+21`. 22003 for anything else: the caller has seen to it that it is a number. */
export function parseDecimal(text: string): Decimal {
  const match = DECIMAL.exec(text);
  if (match === null) {
    throw new GeodeError("22003", `${text} is no length of time`);
  }
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const digits = BigInt(whole + fraction);
  const places = fraction.length - Number(exponent);
  return {
    digits: (sign === "-" ? -digits : digits) * (places < 0 ? 10n ** BigInt(-places) : 1n),
    places: Math.max(places, 0),
  };
}

/** The numerator over 10^`places`, which are at least those that the number has. */
export function numerator(decimal: Decimal, places: number): bigint {
  return decimal.digits * 10n ** BigInt(places - decimal.places);
}
