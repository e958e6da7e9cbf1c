import type { Database } from "@geode/engine";
import type { Access, DatabasePort } from "./port.ts";

/** The engine as the server's port. */
export function enginePort(database: Database): DatabasePort {
  return {
    get epoch() {
      return database.epoch;
    },
    get seq() {
      return database.seq;
    },
    access,
    query: (request) => database.query(request),
    subscribe: (request, onChange, onEnd) => database.subscribe(request, onChange, onEnd),
    status: () => database.status(),
  };
}

/** A text without any of these words cannot write; one with such a word may still only read, e.g. compare with 'set'. */
const WRITING_WORDS = /\b(?:insert|create|merge|set|remove|delete|drop|call)\b/i;

function access(text: string): Access {
  return WRITING_WORDS.test(text) ? "unknown" : "read";
}
