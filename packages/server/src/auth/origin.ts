import { isLoopbackHost } from "../loopback.ts";

/**
 * Which web pages may connect. A browser sends the page's origin with every handshake; anything else sends none and passes.
 * `allowed` entries are origins (`https://app.example.com`), or have `*` for exactly one left-most label (`https://*.example.com`).
 * Without a list: pages of the same host name, whatever the port, and of this machine.
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[] | undefined,
): boolean {
  if (origin === undefined) return true;
  const page = parse(origin);
  if (page === undefined) return false;
  if (allowed !== undefined) return allowed.some((entry) => matches(page, entry));
  return isLoopbackHost(page.hostname) || page.hostname === parse(`http://${host ?? ""}`)?.hostname;
}

function matches(page: URL, entry: string): boolean {
  const wildcard = /^([a-z][a-z0-9+.-]*:\/\/)\*\.(.+)$/i.exec(entry);
  if (wildcard === null) return parse(entry)?.origin === page.origin;
  const [, scheme, rest] = wildcard;
  const pattern = parse(`${scheme}${rest}`);
  const dot = page.hostname.indexOf(".");
  return (
    pattern !== undefined &&
    dot > 0 &&
    page.protocol === pattern.protocol &&
    page.port === pattern.port &&
    page.hostname.slice(dot + 1) === pattern.hostname
  );
}

/** A URL with a host; `null` (the origin of a sandboxed page) and lists of origins are none. */
function parse(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url === undefined || url.hostname === "" ? undefined : url;
}
