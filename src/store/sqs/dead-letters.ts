/**
 * Dead letters in a queue of their own. SQS has no way to look: whoever looks receives, and hides for that while what
 * was received from everybody else. So it is received for as short a time as it takes, and given back at once. Owns
 * that; the honest limits stand at `lookThrough`.
 */
import type { Message } from "@aws-sdk/client-sqs";
import type { DeadLetter, DeadPage } from "../job-queue.ts";
import { MAX_ENTRIES } from "./calls.ts";
import { type Enveloped, identityOf, unpack } from "./envelope.ts";
import { type SendPorts, sendAll } from "./send-all.ts";

/** Hidden from others while one looks; what a dead process looked at comes back after it. */
const LOOK_SECONDS = 30;
/** Looked at for a page. */
const MAX_LETTERS = 1_000;
const MAX_BYTES = 64 * 1024 * 1024;
/** Looked at to find letters by their ids; their bodies are not kept. */
const MAX_SOUGHT = 10_000;

export interface DeadPorts extends SendPorts {
  readonly waitSeconds: number;
}

/**
 * A page of all letters that can be seen, the first that died first. Letters beyond the first 1,000 or 64 MiB, and
 * those that somebody else looks at, are not among them; `depth` counts them. An id that died twice is one letter.
 */
export async function listDead(
  ports: DeadPorts,
  url: string,
  limit: number,
  after: string | undefined,
): Promise<DeadPage> {
  const byId = new Map<string, DeadLetter>();
  let bytes = 0;
  await lookThrough(ports, url, async (messages) => {
    for (const message of messages) {
      const letter = letterOf(message);
      bytes += letter.body.length;
      const known = byId.get(letter.id);
      if (!known || known.diedAt <= letter.diedAt) byId.set(letter.id, letter);
    }
    return byId.size < MAX_LETTERS && bytes < MAX_BYTES;
  });
  const passed = placeOf(after, byId);
  const rest = [...byId.values()].filter((letter) => passed === null || byDeath(passed, letter) < 0);
  const letters = rest.sort(byDeath).slice(0, limit);
  const last = letters.at(-1);
  return { letters, cursor: last && rest.length > limit ? `${last.diedAt}:${last.id}` : null };
}

type Place = Pick<DeadLetter, "diedAt" | "id">;

function byDeath(a: Place, b: Place): number {
  if (a.diedAt !== b.diedAt) return a.diedAt - b.diedAt;
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1;
}

/** Where a page ended: by its cursor, which the letter itself may have outlived, or by the id of one that is there. */
function placeOf(after: string | undefined, letters: ReadonlyMap<string, Place>): Place | null {
  if (after === undefined) return null;
  const [, diedAt, id] = /^(\d+):(.*)$/s.exec(after) ?? [];
  if (diedAt === undefined || id === undefined) return letters.get(after) ?? null;
  return { diedAt: Number(diedAt), id };
}

/**
 * Sends each letter to the queue at `to`, then removes it, so that a process that dies in between has doubled it and
 * not lost it. The ids that were found.
 */
export function replayDead(
  ports: DeadPorts,
  url: string,
  to: string,
  ids: readonly string[],
  now: number,
): Promise<readonly string[]> {
  return takeOut(ports, url, ids, async (letters) => {
    await sendAll(
      ports,
      to,
      letters.map(({ header, body }) => ({
        header: { ...identityOf(header), sentAt: now },
        body,
        delayMs: 0,
      })),
    );
  });
}

/** The ids that were found. */
export function discardDead(
  ports: DeadPorts,
  url: string,
  ids: readonly string[],
): Promise<readonly string[]> {
  return takeOut(ports, url, ids, async () => {});
}

/** Looks for letters by their ids and removes them, and what doubles them; `first` comes before, once for each. */
async function takeOut(
  ports: DeadPorts,
  url: string,
  ids: readonly string[],
  first: (letters: readonly Enveloped[]) => Promise<void>,
): Promise<readonly string[]> {
  const wanted = new Set(ids);
  const done = new Set<string>();
  if (wanted.size === 0) return [];
  let seen = 0;
  await lookThrough(ports, url, async (messages, keepHidden) => {
    seen += messages.length;
    const mine = messages.filter((message) => wanted.has(unpack(message).header.id));
    if (mine.length > 0) {
      const fresh = new Map(mine.map(unpack).map((letter) => [letter.header.id, letter] as const));
      for (const id of done) fresh.delete(id);
      await first([...fresh.values()]);
      await ports.calls.removeAll(url, receiptsOf(mine));
      keepHidden(mine);
      for (const id of fresh.keys()) done.add(id);
    }
    return done.size < wanted.size && seen < MAX_SOUGHT;
  });
  return [...wanted].filter((id) => done.has(id));
}

/** The letter that a delivery becomes, as the dead-letter queue carries it. */
export function asDead({ header, body }: Enveloped, attempts: number, diedAt: number, reason: string) {
  return { header: { ...identityOf(header), attempts, diedAt, reason }, body, delayMs: 0 };
}

/**
 * Receives everything there is, as long as `visit` says so, and gives it back. What another looks at meanwhile is
 * not seen; whoever looks longer than 30 s sees the first again, and ends there. Each look counts as a receive, so a
 * dead-letter queue must have no redrive policy of its own.
 */
async function lookThrough(
  { calls, waitSeconds }: DeadPorts,
  url: string,
  visit: (
    messages: readonly Message[],
    keepHidden: (messages: readonly Message[]) => void,
  ) => Promise<boolean>,
): Promise<void> {
  const hidden = new Map<string, string>();
  const keepHidden = (messages: readonly Message[]) => {
    for (const { MessageId = "" } of messages) hidden.delete(MessageId);
  };
  const seen = new Set<string>();
  try {
    for (let goOn = true; goOn; ) {
      const received = await calls.receive(url, {
        max: MAX_ENTRIES,
        visibilitySeconds: LOOK_SECONDS,
        waitSeconds,
      });
      const fresh = received.filter(({ MessageId = "" }) => !seen.has(MessageId));
      for (const { MessageId = "", ReceiptHandle = "" } of received) {
        seen.add(MessageId);
        hidden.set(MessageId, ReceiptHandle);
      }
      goOn = fresh.length > 0 && (await visit(fresh, keepHidden));
    }
  } finally {
    // Where that fails they come back by themselves.
    await calls.showAll(url, [...hidden.values()]).catch(() => {});
  }
}

function letterOf(message: Message): DeadLetter {
  const { header, body } = unpack(message);
  const { id, group, reason = null } = header;
  // What SQS's own redrive policy brought here has no reason and no time of death.
  const attempts = header.diedAt === undefined ? receivedTimes(message) : (header.attempts ?? 0);
  const diedAt = header.diedAt ?? Number(message.Attributes?.SentTimestamp ?? 0);
  return { id, group, body, attempts, diedAt, reason };
}

/** By anybody, the last time included. */
export function receivedTimes(message: Message): number {
  return Number(message.Attributes?.ApproximateReceiveCount ?? 1);
}

function receiptsOf(messages: readonly Message[]): string[] {
  return messages.map(({ ReceiptHandle = "" }) => ReceiptHandle);
}
