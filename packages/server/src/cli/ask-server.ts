import { CommandError, EXIT } from "./exit.ts";
import { printable } from "./terminal.ts";

export interface Question {
  /** That of the server's WebSocket; what is asked for lies beside it. */
  readonly url: string;
  readonly path: string;
  readonly method?: string;
  readonly token: string;
  readonly signal?: AbortSignal;
  /** What to do if no server answers. */
  readonly hint: string;
}

/** Asks a server over HTTP, as whoever the token speaks for. Throws CommandError if none answers. */
export async function askServer(question: Question): Promise<Response> {
  const { hint, method = "GET", path, signal, token, url } = question;
  const address = new URL(url.replace(/^ws/, "http"));
  address.search = "";
  try {
    return await fetch(new URL(path, address), {
      method,
      headers: { authorization: `Bearer ${token}` },
      redirect: "error",
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new CommandError(EXIT.unreachable, `no connection to ${url}: ${reasonOf(cause)}`, {
      hint,
      cause,
    });
  }
}

/** Why the server gave nothing: for want of the right token, or because it cannot. */
export async function refusalOf(
  url: string,
  response: Response,
  cannot: string,
): Promise<CommandError> {
  const { status } = response;
  const text = (await response.text().catch(() => "")).slice(0, 300).trim();
  // It is short and for people, but it comes from elsewhere.
  const why = printable(text === "" ? `HTTP ${status}` : text);
  if (status === 401 || status === 403) {
    return new CommandError(EXIT.unreachable, `${url} refuses: ${why}`, {
      hint: "It takes a token of this server with the role admin: `geode token --user ID --role admin` makes one where its secret is.",
    });
  }
  return new CommandError(EXIT.failed, `${url} ${cannot}: ${why}`);
}

/** What fetch knows is in the cause. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
