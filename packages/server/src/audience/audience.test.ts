import { beforeEach, describe, expect, test } from "vitest";
import { SharedMessage } from "../transport/shared-message.ts";
import { Audience } from "./audience.ts";
import type { Member } from "./member.ts";

/** Somebody who notes what they hear. */
class Listener implements Member {
  readonly session: string;
  readonly user: Member["user"];
  readonly principal = { id: "", roles: [], claims: new Map() };
  readonly client = undefined;
  readonly heard: string[] = [];
  readonly topics: string[] = [];
  readonly frames = new Set<unknown>();

  constructor(user: string, session = `session of ${user}`) {
    this.user = { id: user };
    this.session = session;
  }

  hear(message: SharedMessage, _room: string | null, topic?: string): void {
    if (topic !== undefined) this.topics.push(topic);
    this.heard.push(message.text);
    this.frames.add(message.json);
  }

  dismissed(room: string): void {
    this.heard.push(`dismissed from ${room}`);
  }

  relieved(): Promise<void> {
    return Promise.resolve();
  }
}

let room: Audience;
let ann: Listener;
let bob: Listener;

beforeEach(() => {
  room = new Audience("red");
  [ann, bob] = [new Listener("ann"), new Listener("bob")];
});

const deliver = (...seqs: readonly number[]): void => {
  for (const seq of seqs) room.deliver(new SharedMessage(`${seq}`), seq);
};

describe("a member that is coming", () => {
  test("hears nothing until it has what was said before", () => {
    room.enter(ann);
    deliver(1, 2);
    expect(ann.heard).toEqual([]);
  });

  test("then hears what came meanwhile and was not in that, in order", () => {
    room.enter(ann);
    deliver(4, 5, 6, 7);
    expect(room.settle(ann, 5)).toBe(true);
    expect(ann.heard).toEqual(["6", "7"]);
  });

  test("does not hear again what was in that, although the news of it comes later", () => {
    room.enter(ann);
    room.settle(ann, 5);
    deliver(4, 5, 6);
    expect(ann.heard).toEqual(["6"]);
  });

  test("hears all messages of one commit, and of one that it has, none", () => {
    room.enter(ann);
    deliver(5, 6);
    room.settle(ann, 5);
    deliver(5, 6, 7, 7);
    expect(ann.heard).toEqual(["6", "6", "7", "7"]);
  });

  test("has to read on if more came than is kept, and is asked to until it has caught up", () => {
    room.enter(ann);
    const long = new SharedMessage("x".repeat(200 * 1024));
    room.deliver(long, 6);
    room.deliver(long, 7);
    expect(room.settle(ann, 5)).toBe(false);
    deliver(8, 9);
    expect(ann.heard).toEqual([]);
    expect(room.settle(ann, 8)).toBe(true);
    expect(ann.heard).toEqual(["9"]);
  });

  test("is kept as much as that, and no more", () => {
    const kept = (length: number): boolean => {
      room.enter(ann);
      room.deliver(new SharedMessage("x".repeat(length)), 6);
      return room.settle(ann, 5);
    };
    expect(kept(256 * 1024)).toBe(true);
    expect(kept(256 * 1024 + 1)).toBe(false);
  });

  test("that comes again begins anew, and keeps its state", () => {
    room.enter(ann);
    room.settle(ann, 5);
    room.setState(ann, "away");
    room.enter(ann);
    deliver(6);
    expect(ann.heard).toEqual([]);
    room.settle(ann, 5);
    expect(ann.heard).toEqual(["6"]);
    expect(room.stateOf(ann)).toBe("away");
  });

  test("and has gone meanwhile has settled, and hears nothing", () => {
    room.enter(ann);
    deliver(6);
    room.leave(ann);
    expect(room.settle(ann, 5)).toBe(true);
    expect(ann.heard).toEqual([]);
  });
});

describe("who is there", () => {
  test("a user's first connection is its coming, its last one its going", () => {
    const other = new Listener("ann", "another one");
    expect([room.enter(ann), room.enter(other), room.enter(bob)]).toEqual([true, false, true]);
    expect([room.leave(ann), room.leave(other), room.leave(bob)]).toEqual([false, true, true]);
    expect(room.isEmpty).toBe(true);
  });

  test("leaving a room that one is not in says nothing of its user", () => {
    room.enter(ann);
    expect(room.leave(bob)).toBeUndefined();
    expect([room.has(ann), room.has(bob), room.isEmpty]).toEqual([true, false, false]);
  });

  test("every user is named once, with the state that one of its connections has", () => {
    const other = new Listener("ann", "another one");
    for (const member of [ann, other, bob]) room.enter(member);
    room.setState(other, "away");
    expect(room.users).toEqual([
      { id: "ann", state: "away" },
      { id: "bob", state: null },
    ]);
    room.leave(other);
    expect(room.users).toContainEqual({ id: "ann", state: null });
  });

  test("what is not kept goes to all others, those that are coming too", () => {
    room.enter(ann);
    room.enter(bob);
    room.tell(new SharedMessage("typing"), ann, "ann is typing");
    expect([ann.heard, bob.heard]).toEqual([[], ["typing"]]);
    expect(bob.topics).toEqual(["ann is typing"]);
  });

  test("everybody gets the same frame, which is encoded once", () => {
    for (const member of [ann, bob]) {
      room.enter(member);
      room.settle(member, 0);
    }
    deliver(1);
    expect([...ann.frames]).toEqual([...bob.frames]);
    expect(new Set([...ann.frames, ...bob.frames]).size).toBe(1);
  });

  test("who has left hears no more", () => {
    room.enter(ann);
    room.settle(ann, 0);
    room.leave(ann);
    deliver(1);
    expect(ann.heard).toEqual([]);
  });
});
