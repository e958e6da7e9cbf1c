import { encodeCborFields, plainNumbers, updateTails, type CommitChanges } from "@geode/protocol";
import { SharedBody, type OutFrame } from "../transport/out-frame.ts";

/** What of an UPDATE is the same for everybody who watches the result. */
export interface UpdateBody {
  readonly shared: SharedBody;
  /** How many fields it holds. */
  readonly fields: number;
}

/** How the UPDATEs of one subscription are written: what all share, and around it what is its own. */
export interface UpdateForm {
  readonly coding: "json" | "cbor";
  /** "plain": a FLOAT without a fraction is a number like any other. */
  readonly numbers: "exact" | "plain";
  frame(body: UpdateBody): OutFrame;
  /** How long its own part is, about. */
  readonly ownBytes: number;
}

/** The UPDATE frames of one commit for one subscription. */
export function updateFrames(
  form: UpdateForm,
  commit: CommitChanges,
  withBefore: boolean,
): readonly OutFrame[] {
  return bodiesOf(form, commit, withBefore).bodies.map((body) => form.frame(body));
}

/** How long they are, about. */
export function updateBytes(form: UpdateForm, commit: CommitChanges, withBefore: boolean): number {
  const { bodies, bytes } = bodiesOf(form, commit, withBefore);
  return bytes + bodies.length * form.ownBytes;
}

interface Bodies {
  readonly bodies: readonly UpdateBody[];
  readonly bytes: number;
}

/** Made once for all who watch the result, gone with the commit. */
const made = new WeakMap<CommitChanges, Map<string, Bodies>>();

function bodiesOf(
  { coding, numbers }: UpdateForm,
  commit: CommitChanges,
  withBefore: boolean,
): Bodies {
  const variant = `${coding} ${numbers} ${withBefore}`;
  let ofCommit = made.get(commit);
  if (ofCommit === undefined) made.set(commit, (ofCommit = new Map<string, Bodies>()));
  let bodies = ofCommit.get(variant);
  if (bodies === undefined) {
    const exact = updateTails(commit, withBefore);
    const tails = numbers === "exact" ? exact : exact.map(plainNumbers);
    bodies = withBytes(tails.map(coding === "json" ? jsonBody : cborBody));
    ofCommit.set(variant, bodies);
  }
  return bodies;
}

function withBytes(bodies: readonly UpdateBody[]): Bodies {
  return { bodies, bytes: bodies.reduce((sum, { shared }) => sum + shared.bytes.length, 0) };
}

/** How many fields there are is asked of CBOR alone. */
function jsonBody(tail: string): UpdateBody {
  return { shared: new SharedBody(tail), fields: 0 };
}

function cborBody(tail: string): UpdateBody {
  const { bytes, count } = encodeCborFields(JSON.parse(`{${tail}`) as Record<string, unknown>);
  return { shared: new SharedBody(bytes), fields: count };
}
