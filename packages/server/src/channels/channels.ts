import { GeodeError } from "@geode/values";
import type { Clock, Timer } from "../clock.ts";
import { SharedMessage } from "../transport/shared-message.ts";

/** A connection as a member of channels. */
export interface ChannelMember {
  readonly user: string;
  readonly roles: readonly string[];
  hear(message: SharedMessage): void;
}

export interface ChannelsOptions {
  readonly clock: Clock;
  /** Channels that one member may be in. */
  readonly perMemberMax: number;
  /** What the channel `metrics` tells. */
  readonly figures: () => object;
}

/** What the server itself says something in; nobody else publishes there. */
const NOTIFICATIONS = "notifications";
const METRICS = "metrics";
const METRICS_EVERY_MS = 1_000;

/**
 * Named channels: what one member publishes, the others hear, if they are there at that moment. Nothing of it is kept. A channel exists
 * while it has members.
 */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #members = new Map<string, Set<ChannelMember>>();
  /** The channels of each member. */
  readonly #channels = new Map<ChannelMember, Set<string>>();
  #metricsTimer: Timer | undefined;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** Joining again is nothing. Throws FORBIDDEN and LIMIT. */
  join(channel: string, member: ChannelMember): void {
    let own = this.#channels.get(member);
    if (own?.has(channel) === true) return;
    if (channel === METRICS && !mayWatchMetrics(member))
      throw forbidden("The channel `metrics` is for the roles admin and monitor.");
    const { perMemberMax } = this.#options;
    if ((own?.size ?? 0) >= perMemberMax) {
      throw new GeodeError("LIMIT", `A connection may be in ${perMemberMax} channels.`, {
        hint: "Leave those that are not needed any more with CLOSE_CHANNEL.",
        limit: "channels",
      });
    }
    if (own === undefined) this.#channels.set(member, (own = new Set()));
    own.add(channel);
    let members = this.#members.get(channel);
    if (members === undefined) this.#members.set(channel, (members = new Set()));
    members.add(member);
    if (channel === METRICS) this.#tellMetrics();
  }

  /** Leaving what one is not in is nothing. */
  leave(channel: string, member: ChannelMember): void {
    const own = this.#channels.get(member);
    own?.delete(channel);
    if (own?.size === 0) this.#channels.delete(member);
    const members = this.#members.get(channel);
    members?.delete(member);
    if (members?.size === 0) this.#members.delete(channel);
  }

  leaveAll(member: ChannelMember): void {
    for (const channel of this.#channels.get(member) ?? []) this.leave(channel, member);
  }

  /** How many channels it is in. */
  countOf(member: ChannelMember): number {
    return this.#channels.get(member)?.size ?? 0;
  }

  /** Tells all others in the channel, of which the sender becomes a member. Throws FORBIDDEN and LIMIT. */
  publish(channel: string, data: unknown, from: ChannelMember): void {
    if (channel === NOTIFICATIONS || channel === METRICS)
      throw forbidden(`What is in the channel \`${channel}\` comes from the server.`);
    this.join(channel, from);
    const message = channelMessage(channel, data);
    for (const member of this.#members.get(channel) ?? [])
      if (member !== from) member.hear(message);
  }

  /** Says it in the channel `notifications`, to one user or to all. Answers to how many connections. Throws FORBIDDEN. */
  notify(
    notification: { readonly user?: string; readonly message: string; readonly data?: unknown },
    from: ChannelMember,
  ): number {
    if (!hasRole(from, "admin")) throw forbidden("NOTIFY is for the role admin.");
    const { data, message, user } = notification;
    const said = channelMessage(NOTIFICATIONS, { message, data });
    let heard = 0;
    for (const member of this.#members.get(NOTIFICATIONS) ?? []) {
      if (user !== undefined && member.user !== user) continue;
      member.hear(said);
      heard++;
    }
    return heard;
  }

  /** Nothing is told any more. */
  close(): void {
    this.#metricsTimer?.cancel();
    this.#members.clear();
    this.#channels.clear();
  }

  /** Once a second, for as long as somebody listens. */
  #tellMetrics(): void {
    this.#metricsTimer ??= this.#options.clock.timer(METRICS_EVERY_MS, () => {
      this.#metricsTimer = undefined;
      const members = this.#members.get(METRICS);
      if (members === undefined) return;
      const message = channelMessage(METRICS, { metrics: this.#options.figures() });
      for (const member of members) {
        // A renewed token may grant less.
        if (mayWatchMetrics(member)) member.hear(message);
        else this.leave(METRICS, member);
      }
      this.#tellMetrics();
    });
  }
}

/** Something said in a channel. */
function channelMessage(channel: string, data: unknown): SharedMessage {
  return new SharedMessage(JSON.stringify({ channel, data }));
}

function mayWatchMetrics(member: ChannelMember): boolean {
  return hasRole(member, "admin", "monitor");
}

function hasRole(member: ChannelMember, ...roles: readonly string[]): boolean {
  return member.roles.some((role) => roles.includes(role));
}

function forbidden(message: string): GeodeError {
  return new GeodeError("FORBIDDEN", message);
}
