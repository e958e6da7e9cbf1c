/**
 * Whether a text may read the clock or chance. Such a live query is frozen at the moment when it is subscribed to, so it cannot share a
 * result with one that was subscribed to at another moment. A false alarm costs sharing, nothing else.
 */
export function isVolatile(text: string): boolean {
  return VOLATILE.test(text);
}

/** `current_date`, `LOCAL_TIME`, …; calls that need no argument: `date()`, `datetime()`, `rand()`; `date.statement()`, `date.truncate('day')`. */
const VOLATILE =
  /\b(?:current|local)_\w+|\b(?:rand|random|now|uuid|random_?uuid|timestamp|(?:local_?|zoned_?)?(?:date|time|datetime)(?:\s*\.\s*(?:transaction|statement|realtime|truncate))?)\s*\(/i;
