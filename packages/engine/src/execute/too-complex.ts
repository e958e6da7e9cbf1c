import { GeodeError } from "@geode/values";

/** Loops nest as deep as the pattern is long; at some depth no function can be made of them. */
export function tooComplex(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  return new GeodeError("LIMIT", "The statement has too many parts to be run as one.", {
    hint: "Split the pattern over several statements.",
    cause: error,
  });
}
