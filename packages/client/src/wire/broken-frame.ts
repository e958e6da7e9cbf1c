import { GeodeError } from "@geode/values";

/** The server sent something that is not the protocol: it is no Geode server, or a broken one. */
export class BrokenFrame extends GeodeError {
  constructor(what: string, cause?: unknown) {
    super("INVALID_MESSAGE", `The server sent something malformed: ${what}`, { cause });
  }
}
