import { stringify } from "yaml";
import { tokenSource, type AccessOptions } from "../cli/access.ts";
import { CommandError, EXIT } from "../cli/exit.ts";
import { printable, type Terminal } from "../cli/terminal.ts";

import { inFile } from "./file.ts";

type PolicyOptions = AccessOptions & { readonly url: string };

/** `geode policy apply FILE | show | remove`: asks a running server, over HTTP beside its WebSocket. */
export async function runPolicy(
  action: string,
  file: string | undefined,
  options: PolicyOptions,
  terminal: Terminal,
): Promise<void> {
  if ((action === "apply") !== (file !== undefined))
    throw new CommandError(
      EXIT.usage,
      `\`geode policy ${action}\` ${file ? "takes no" : "needs a"} file`,
      {
        hint: "It is `geode policy apply FILE`, `geode policy show` or `geode policy remove`.",
      },
    );
  switch (action) {
    case "apply":
      await inFile(file ?? "", async (document) => {
        const { seq } = (await ask("PUT", options, terminal, document)) as { seq: number };
        terminal.out(`The policy holds since commit ${seq}.\n`);
      });
      return;
    case "show": {
      const { policy } = (await ask("GET", options, terminal)) as { policy: object | null };
      if (policy === null)
        terminal.err(
          "There is no policy: everybody who may connect reads and writes the default graph.\n",
        );
      else terminal.out(stringify(policy));
      return;
    }
    case "remove": {
      const { seq } = (await ask("DELETE", options, terminal)) as { seq: number };
      terminal.out(`There is no policy any longer, since commit ${seq}.\n`);
      return;
    }
    default:
      throw new CommandError(EXIT.usage, `unknown action ${JSON.stringify(action)}`, {
        hint: "There are apply, show and remove.",
      });
  }
}

async function ask(
  method: "GET" | "PUT" | "DELETE",
  options: PolicyOptions,
  terminal: Terminal,
  document?: unknown,
): Promise<unknown> {
  const token = await (await tokenSource(options, terminal))();
  const address = new URL("admin/policy", options.url.replace(/^ws/, "http"));
  address.search = "";
  let response: Response;
  try {
    response = await fetch(address, {
      method,
      headers: { authorization: `Bearer ${token}` },
      redirect: "error",
      ...(document === undefined ? {} : { body: JSON.stringify(document) }),
    });
  } catch (cause) {
    throw new CommandError(EXIT.unreachable, `no connection to ${options.url}`, {
      hint: "Is a server running there?",
      cause,
    });
  }
  if (response.ok) return response.json();
  const why = printable((await response.text()).slice(0, 1_000).trim());
  if (response.status === 401 || response.status === 403)
    throw new CommandError(EXIT.unreachable, `${options.url} refuses: ${why}`, {
      hint: "It takes a token of this server with the role admin.",
    });
  throw new CommandError(EXIT.failed, why);
}
