import { existsSync } from "node:fs";
import { join } from "node:path";
import { GeodeError } from "@geode/values";
import { violations } from "../graph/invariants.ts";
import { Store } from "../graph/store.ts";
import { LOG_START, type LogPosition, readChain } from "./chain.ts";
import {
  checkpointPaths,
  type CheckpointHeader,
  checkpointWatch,
  LOOKS_MAX,
  openCheckpoint,
} from "./checkpoint.ts";
import { checkFormat, checkpointsPath, logPath } from "./directory.ts";
import { decodeHeader } from "./entry.ts";
import { SegmentLog } from "./segments/segment-log.ts";
import { sameHash } from "./log.ts";

/** Something that is wrong. */
export interface Finding {
  /** "error": the database does not open, or data is lost. "warning": it opens, with less in reserve. */
  readonly severity: "error" | "warning";
  /** What it is about: a file, or the log. */
  readonly subject: string;
  readonly problem: string;
  readonly hint?: string;
}

export interface CheckedCheckpoint {
  readonly path: string;
  readonly bytes: number;
  readonly header: CheckpointHeader;
  readonly effects: number;
  readonly idempotencyKeys: number;
}

/** What was found in a data directory. */
export interface CheckReport {
  /** The good ones, newest first. */
  readonly checkpoints: readonly CheckedCheckpoint[];
  /** Null if it cannot be read. */
  readonly log: {
    readonly oldest: number;
    readonly newest: number;
    readonly bytes: number;
    readonly commits: number;
  } | null;
  /** What the newest good checkpoint and the entries behind it come to; null if they do not. */
  readonly state: CheckedState | null;
  readonly findings: readonly Finding[];
}

export interface CheckedState {
  readonly seq: number;
  readonly nodes: number;
  readonly edges: number;
  readonly documents: number;
}

/**
 * Reads all of a data directory and changes nothing: hashes and contents of the checkpoints, the chain of the log, every entry and every
 * blob; then builds the graph of them and looks whether its parts agree. It may run beside the server, and needs the memory of the graph.
 * Throws NOT_FOUND if the path is no data directory; whatever else is wrong is a finding.
 */
export async function checkDirectory(path: string): Promise<CheckReport> {
  if (!existsSync(logPath(path))) {
    throw new GeodeError(
      "NOT_FOUND",
      `${path} is not a data directory of Geode: it has no ${join(path, "log")}`,
    );
  }
  for (let look = 1; ; look++) {
    const isChanged = checkpointWatch(checkpointsPath(path));
    const report = await lookAt(path);
    const isWrong = report.findings.some(({ severity }) => severity === "error");
    if (!isWrong || look === LOOKS_MAX || !isChanged()) return report;
  }
}

async function lookAt(path: string): Promise<CheckReport> {
  const findings: Finding[] = [];
  attempt(findings, "error", path, () => checkFormat(path));
  const checkpoints = checkCheckpoints(path, findings);
  const { log, state } = await checkLog(path, checkpoints, findings);
  return { checkpoints, log, state, findings };
}

function checkCheckpoints(path: string, findings: Finding[]): CheckedCheckpoint[] {
  const directory = checkpointsPath(path);
  const checkpoints: CheckedCheckpoint[] = [];
  for (const file of existsSync(directory) ? checkpointPaths(directory) : []) {
    const found: Finding[] = [];
    attempt(found, "warning", file, () => {
      const { bytes, header, idempotency, chunks } = openCheckpoint(file);
      let effects = 0;
      for (const chunk of chunks) {
        effects += chunk.length;
      }
      checkpoints.push({
        path: file,
        bytes,
        header,
        effects,
        idempotencyKeys: [...idempotency].length,
      });
    });
    // One that a server has given up for a newer one meanwhile is not missed.
    if (existsSync(file)) findings.push(...found);
  }
  return checkpoints;
}

async function checkLog(
  path: string,
  checkpoints: readonly CheckedCheckpoint[],
  findings: Finding[],
): Promise<Pick<CheckReport, "log" | "state">> {
  const subject = "the log";
  let log: SegmentLog;
  try {
    log = await SegmentLog.open({ path: logPath(path), access: "read" });
  } catch (error) {
    findings.push(findingOf("error", subject, error));
    return { log: null, state: null };
  }
  try {
    const { oldest, number: newest } = log.head();
    const covered = checkpoints[0]?.header.number ?? 0;
    if (oldest > covered + 1 || newest < covered) {
      findings.push({
        severity: "error",
        subject,
        problem: `it holds entries ${oldest} to ${newest}, but the newest good checkpoint ends with entry ${covered}`,
        hint: "What lies between is missing. Restore a checkpoint or a backup.",
      });
    }
    let commits = 0;
    attempt(findings, "error", subject, () => {
      commits = checkChain(log, checkpoints, findings);
    });
    const isWhole = findings.every(({ severity }) => severity === "warning");
    const state = isWhole ? checkState(checkpoints[0], log, findings) : null;
    return { log: { oldest, newest, bytes: log.bytes(), commits }, state };
  } finally {
    await log.close();
  }
}

/** Follows the chain from the oldest entry, whose word for what came before has to be taken. Returns the number of commits. */
function checkChain(
  log: SegmentLog,
  checkpoints: readonly CheckedCheckpoint[],
  findings: Finding[],
): number {
  const [oldest] = log.read(log.head().oldest);
  if (oldest === undefined) {
    return 0;
  }
  const { number, prevHash, firstSeq } = decodeHeader(oldest);
  let position: LogPosition = { number: number - 1, hash: prevHash, seq: firstSeq - 1 };
  let commits = 0;
  checkPosition(position, checkpoints, findings);
  for (const { entry, hash } of readChain(log, position)) {
    commits += entry.commits.length;
    position = { number: entry.number, hash, seq: entry.firstSeq + entry.commits.length - 1 };
    checkPosition(position, checkpoints, findings);
  }
  return commits;
}

/** Builds the graph as recovery does it, of a checkpoint that is not newer than the log. */
function checkState(
  newest: CheckedCheckpoint | undefined,
  log: SegmentLog,
  findings: Finding[],
): CheckedState | null {
  const subject = "the graph";
  const store = new Store();
  let seq = newest?.header.seq ?? 0;
  const before = findings.length;
  attempt(findings, "error", subject, () => {
    const chunks = newest === undefined ? [] : openCheckpoint(newest.path).chunks;
    for (const chunk of chunks) for (const effect of chunk) store.apply(effect);
    for (const { entry } of readChain(log, newest?.header ?? LOG_START)) {
      seq += entry.commits.length;
      for (const { patch } of entry.commits) for (const effect of patch) store.apply(effect);
    }
  });
  if (findings.length > before) return null;
  for (const problem of violations(store)) findings.push({ severity: "error", subject, problem });
  const graphs = [...store.graphs.values()];
  return {
    seq,
    nodes: graphs.reduce((sum, { nodeCount }) => sum + nodeCount, 0),
    edges: graphs.reduce((sum, { edgeCount }) => sum + edgeCount, 0),
    documents: store.documents.size,
  };
}

/** A checkpoint of the same place in the log has to agree with it. */
function checkPosition(
  position: LogPosition,
  checkpoints: readonly CheckedCheckpoint[],
  findings: Finding[],
): void {
  for (const { path, header } of checkpoints) {
    if (
      header.number === position.number &&
      (header.seq !== position.seq || !sameHash(header.hash, position.hash))
    ) {
      findings.push({
        severity: "error",
        subject: path,
        problem: `it was made of another log: its entry ${header.number} is not the one in this log`,
        hint: "Take it away, or restore the log that belongs to it.",
      });
    }
  }
}

function attempt(
  findings: Finding[],
  severity: Finding["severity"],
  subject: string,
  check: () => void,
): void {
  try {
    check();
  } catch (error) {
    findings.push(findingOf(severity, subject, error));
  }
}

/** A mistake of ours is no finding. */
function findingOf(severity: Finding["severity"], subject: string, error: unknown): Finding {
  if (!(error instanceof GeodeError)) {
    throw error;
  }
  const { message, hint } = error;
  return hint === undefined
    ? { severity, subject, problem: message }
    : { severity, subject, problem: message, hint };
}
