export { fetchKeySet, KeySet, type KeySetOptions } from "./auth/key-set.ts";
export { pemKeys, type Secret, type TokenKeys } from "./auth/keys.ts";
export { revocationFile } from "./auth/revocation-file.ts";
export type { RevocationStore, RevokedState } from "./auth/revocations.ts";
export { configuredSecret, keptSecret } from "./auth/secret.ts";
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
