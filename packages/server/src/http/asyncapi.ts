import { asyncApiDocument } from "@geode/protocol";

/** The description of the protocol for the server at this address, as JSON. */
export function asyncApiText(url: string): string {
  const { host, protocol } = new URL(url);
  const document = asyncApiDocument({ host, protocol: protocol === "https:" ? "wss" : "ws" });
  return `${JSON.stringify(document, null, 2)}\n`;
}
