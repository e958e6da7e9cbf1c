import { CLIENT_MESSAGES, SERVER_MESSAGES } from "./messages.ts";

/** Where a server is, as an AsyncAPI document tells it. */
export interface AsyncApiServer {
  /** Host and port. */
  readonly host: string;
  readonly protocol: "ws" | "wss";
}

/**
 * The protocol as an AsyncAPI 3.0 document, made of the schemas by which messages are validated. PROTOCOL.md says what the messages mean
 * and in which order they come; this says what they look like, to tools.
 */
export function asyncApiDocument(server: AsyncApiServer): object {
  const received = Object.entries(CLIENT_MESSAGES).map(([type, schema]) => ({
    name: `client.${type}`,
    type,
    payload: schema,
  }));
  const sent = Object.entries(SERVER_MESSAGES).map(([type, schemas]) => ({
    name: `server.${type}`,
    type,
    payload: schemas.length === 1 ? schemas[0] : { anyOf: schemas },
  }));
  const messages = [...received, ...sent];
  const references = (list: readonly { readonly name: string }[], place: string) =>
    list.map(({ name }) => ({ $ref: `${place}/${name}` }));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Geode",
      version: "1",
      description:
        "Queries, live results and everything else of a Geode server over one WebSocket.",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    servers: {
      this: {
        host: server.host,
        protocol: server.protocol,
        pathname: "/ws",
        security: [{ $ref: "#/components/securitySchemes/token" }],
      },
    },
    channels: {
      connection: {
        address: "/ws",
        title: "The connection",
        servers: [{ $ref: "#/servers/this" }],
        messages: Object.fromEntries(
          messages.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations: {
      fromClient: {
        action: "receive",
        channel: { $ref: "#/channels/connection" },
        messages: references(received, "#/channels/connection/messages"),
      },
      toClient: {
        action: "send",
        channel: { $ref: "#/channels/connection" },
        messages: references(sent, "#/channels/connection/messages"),
      },
    },
    components: {
      messages: Object.fromEntries(
        messages.map(({ name, payload, type }) => [name, { name: type, title: type, payload }]),
      ),
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
      },
    },
  };
}
