import { GeodeError } from "@geode/values";
import type { Environment } from "./environment.ts";

/** What a caller is told of a failure: a mistake of ours is reported in full to whoever runs the database, and named to the caller. */
export function faultOf(error: unknown, environment: Environment): GeodeError {
  if (error instanceof GeodeError) return error;
  environment.report(error);
  return new GeodeError(
    "INTERNAL",
    "This failed because of an error in the database, not in the statement.",
    {
      cause: error,
    },
  );
}
