export { configuredSecret, keptSecret } from "./auth/secret.ts";
export type { Secret } from "./auth/keys.ts";
export { signToken, type TokenClaims } from "./auth/token.ts";
export { systemClock, type Clock, type Timer } from "./clock.ts";
export type { Log } from "./log.ts";
export type {
  DatabasePort,
  LiveAnswer,
  Principal,
  QueryAnswer,
  QueryRequest,
  SubscribeRequest,
} from "./port.ts";
export { Server, type ServerOptions } from "./server.ts";
