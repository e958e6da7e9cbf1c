import { CLIENT_MESSAGES, SERVER_MESSAGES } from "@geode/protocol";
import { afterEach, expect, test } from "vitest";
import { RunningServer } from "../../test/running-server.ts";

let running: RunningServer;
afterEach(() => running.close());

test("PROTOCOL 15.1: GET /asyncapi.json says where the server is, and knows every message of the protocol", async () => {
  running = await RunningServer.start();
  const response = await fetch(`${running.http}/asyncapi.json`);
  expect(response.headers.get("content-type")).toBe("application/json");
  const document = (await response.json()) as {
    readonly servers: Record<string, object>;
    readonly components: { readonly messages: object };
  };
  expect(document.servers["this"]).toMatchObject({
    host: `127.0.0.1:${running.server.port}`,
    protocol: "ws",
  });
  expect(Object.keys(document.components.messages)).toEqual([
    ...Object.keys(CLIENT_MESSAGES).map((type) => `client.${type}`),
    ...Object.keys(SERVER_MESSAGES).map((type) => `server.${type}`),
  ]);
});
