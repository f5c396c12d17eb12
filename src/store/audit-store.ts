/**
 * The audit log as a port: append-only, each entry bound to the one before by its hash. Owns the shapes and
 * the chain's arithmetic, which every driver shares; knows no driver.
 */
import { digestOf } from "../policy/digest.ts";

/** What is told of an act. No secrets, no prompts, no bodies. */
export interface AuditRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  /** A key's id, or the part of the gateway that acted by itself: `file`, `start`. */
  readonly actor: string;
  /** `policy.activated`, `policy.rolled_back`. */
  readonly action: string;
  /** What it was done to: a version, a path. */
  readonly subject: string;
  readonly details: AuditDetails;
}

export type AuditDetails = Readonly<Record<string, AuditValue>>;

export type AuditValue = string | number | boolean | null | readonly string[];

export interface AuditEntry extends AuditRecord {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Of the entry before; 64 zeros in the first. */
  readonly prevHash: string;
  /** Lower-case hexadecimal SHA-256 of the canonical JSON of all other fields. */
  readonly hash: string;
}

/** As it is kept: `entry` is JSON, and may not be what it was written as. */
export interface AuditRow {
  readonly seq: number;
  readonly entry: string;
}

export interface AuditStore {
  /** False for a store that lets go of the oldest entries: its chain begins where they end. */
  readonly complete: boolean;
  /** When it resolves, the entry survives `kill -9`. Concurrent writers wait for each other. */
  append(record: AuditRecord): Promise<AuditEntry>;
  /** Newest first, with `seq` below `before` where it is given. 1 to 500. */
  list(limit: number, before?: number): Promise<readonly AuditRow[]>;
  /** Oldest first, with `seq` above `after`. 1 to 500. */
  range(after: number, limit: number): Promise<readonly AuditRow[]>;
}

export const GENESIS_HASH = "0".repeat(64);

/** The last link of a chain; `seq` 0 before the first. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export const NO_ENTRY: AuditHead = { seq: 0, hash: GENESIS_HASH };

/** The entry that follows `head`. */
export function chained(record: AuditRecord, head: AuditHead): AuditEntry {
  const { at, actor, action, subject, details } = record;
  const link = { seq: head.seq + 1, at, actor, action, subject, details, prevHash: head.hash };
  // What JSON cannot say would be read back as something else, and the chain would seem broken.
  const written: typeof link = JSON.parse(JSON.stringify(link));
  return { ...written, hash: digestOf(written) };
}

/** The hash that an entry should have. */
export function hashOf(entry: object): string {
  return digestOf({ ...entry, hash: undefined });
}
