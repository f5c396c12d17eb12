/**
 * A provider's prompt cache, as one deployment's. Owns which beginnings of requests are kept and for how long;
 * the time comes in. Only hashes are kept.
 */
import { createHash, type Hash } from "node:crypto";
import type { Usage } from "../../core/events.ts";
import type { CacheHint, ContentPart } from "../../core/request.ts";
import { countParts, countTools, PER_MESSAGE, PER_REQUEST, type Question } from "./question.ts";

export interface PromptCache {
  /**
   * `usage` with its input split into what this request reads from the cache, writes to it and neither. The
   * longest kept beginning is read; up to the last hint everything else is written.
   */
  use(question: Question, usage: Usage, now: number): Usage;
}

const LIFETIMES_MS = { "5m": 5 * 60_000, "1h": 60 * 60_000 } as const;

/** Beginnings of one deployment; past this many the ones unused for longest are forgotten. */
const MAX_KEPT = 256;

/** The request up to here, in tokens, and for how long the caller wants that much kept. */
interface Boundary {
  readonly key: string;
  readonly tokens: number;
  readonly lifetimeMs: number | null;
}

interface Kept {
  readonly until: number;
  readonly lifetimeMs: number;
}

export function createPromptCache(): PromptCache {
  const kept = new Map<string, Kept>();
  const keep = (key: string, lifetimeMs: number, now: number) => {
    kept.delete(key);
    kept.set(key, { until: now + lifetimeMs, lifetimeMs });
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break;
      kept.delete(oldest);
    }
  };
  return {
    use(question, usage, now) {
      if (!asksForCache(question)) return usage;
      const boundaries = boundariesOf(question);
      const last = boundaries.findLastIndex((boundary) => boundary.lifetimeMs !== null);
      const asked = boundaries.slice(0, last + 1);
      const hit = asked.findLast((boundary) => (kept.get(boundary.key)?.until ?? 0) > now);
      // Reading renews what was kept.
      if (hit) keep(hit.key, kept.get(hit.key)?.lifetimeMs ?? 0, now);
      for (const { key, lifetimeMs } of asked) if (lifetimeMs !== null) keep(key, lifetimeMs, now);
      const cacheReadTokens = hit?.tokens ?? 0;
      const cacheWriteTokens = (asked.at(-1)?.tokens ?? 0) - cacheReadTokens;
      const inputTokens = usage.inputTokens - cacheReadTokens - cacheWriteTokens;
      const hour = asked.findLast(({ lifetimeMs }) => lifetimeMs === LIFETIMES_MS["1h"]);
      const cacheWrite1hTokens = Math.max(0, (hour?.tokens ?? 0) - cacheReadTokens);
      return {
        ...usage,
        inputTokens,
        cacheReadTokens,
        cacheWriteTokens,
        ...(cacheWrite1hTokens > 0 && { cacheWrite1hTokens }),
      };
    },
  };
}

function asksForCache(question: Question): boolean {
  for (const tool of question.tools) if (tool.cache !== undefined) return true;
  for (const message of question.messages) {
    for (const part of message.content) if (hintOf(part) !== undefined) return true;
  }
  return false;
}

/** One after the tools, one after every part; hints themselves are no part of what is hashed. */
function boundariesOf({ tools, messages }: Question): readonly Boundary[] {
  const boundaries: Boundary[] = [];
  const hash = createHash("sha256");
  let tokens = PER_REQUEST;
  const mark = (hint: CacheHint | undefined) =>
    boundaries.push({ key: digest(hash), tokens, lifetimeMs: lifetimeOf(hint) });
  if (tools.length > 0) {
    tokens += countTools(tools);
    hash.update(JSON.stringify(tools.map(withoutHint)));
    mark(tools.findLast((tool) => tool.cache !== undefined)?.cache);
  }
  for (const message of messages) {
    tokens += PER_MESSAGE;
    hash.update(message.role);
    for (const part of message.content) {
      tokens += countParts([part]);
      hash.update(JSON.stringify(withoutHint(part)));
      mark(hintOf(part));
    }
  }
  return boundaries;
}

/** A hint inside a tool's result is one of the result. */
function hintOf(part: ContentPart): CacheHint | undefined {
  if (part.type === "tool_result") return part.cache ?? part.content.map(hintOf).find(Boolean);
  return "cache" in part ? part.cache : undefined;
}

function withoutHint(value: object): object {
  return { ...value, cache: undefined };
}

function lifetimeOf(hint: CacheHint | undefined): number | null {
  return hint === undefined ? null : LIFETIMES_MS[hint.ttl ?? "5m"];
}

function digest(hash: Hash): string {
  return hash.copy().digest("base64");
}
