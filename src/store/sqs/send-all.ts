/**
 * Messages to one queue, all of them or an error that says how many are not there. Owns how they are cut into
 * batches, and what is tried again; a message counts as sent when SQS names it among the successful.
 */
import { type Clock, type Random, sleep } from "../../core/clock.ts";
import { StoreError } from "../store-error.ts";
import { MAX_ENTRIES, type SqsCalls } from "./calls.ts";
import { type Enveloped, type Packed, pack } from "./envelope.ts";

/** A message with its attributes, and a batch in one question: 1 MiB. */
export const MAX_SQS_BYTES = 1024 * 1024;
export const MAX_DELAY_SECONDS = 900;

const ROUNDS = 4;
const BACKOFF_BASE_MS = 100;
/** Batches under way at once. */
const LANES = 4;

export interface Outgoing extends Enveloped {
  /** Milliseconds, rounded up to seconds; more than a quarter of an hour is what `header.notBefore` is for. */
  readonly delayMs: number;
}

export interface SendPorts {
  readonly calls: SqsCalls;
  readonly clock: Clock;
  readonly random: Random;
}

interface Entry {
  readonly id: string;
  readonly packed: Packed;
  readonly DelaySeconds: number;
}

/** Rejects with a `StoreError`; what was sent by then stays sent, and sending all again may double it. */
export async function sendAll(ports: SendPorts, url: string, messages: readonly Outgoing[]): Promise<void> {
  const batches = cutIntoBatches(messages.map(entryOf));
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (let batch = batches.shift(); batch && failures.length === 0; batch = batches.shift()) {
      await sendBatch(ports, url, batch).catch((thrown: unknown) => failures.push(thrown));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.length > 0) throw failures[0];
}

function entryOf({ header, body, delayMs }: Outgoing): Entry {
  const packed = pack({ header, body });
  if (packed.bytes > MAX_SQS_BYTES) {
    throw new StoreError(
      "too_large",
      `With what is noted of it, ${header.id} has ${packed.bytes} bytes; SQS takes at most ${MAX_SQS_BYTES}. ` +
        "Nothing was sent.",
    );
  }
  return {
    id: header.id,
    packed,
    DelaySeconds: Math.min(MAX_DELAY_SECONDS, Math.ceil(Math.max(0, delayMs) / 1_000)),
  };
}

function cutIntoBatches(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    bytes += entry.packed.bytes;
    if (bytes > MAX_SQS_BYTES || batches.at(-1)?.length === MAX_ENTRIES) {
      batches.push([]);
      bytes = entry.packed.bytes;
    }
    batches.at(-1)?.push(entry);
  }
  return batches;
}

async function sendBatch(
  { calls, clock, random }: SendPorts,
  url: string,
  batch: readonly Entry[],
): Promise<void> {
  let left = batch;
  for (let round = 1; ; round++) {
    const { Successful = [], Failed = [] } = await calls.sendBatch(
      url,
      left.map(({ packed: { MessageBody, MessageAttributes }, DelaySeconds }, i) => ({
        Id: String(i),
        MessageBody,
        MessageAttributes,
        DelaySeconds,
      })),
    );
    const refused = Failed.find(({ SenderFault }) => SenderFault === true);
    if (refused)
      throw refusal(url, left[Number(refused.Id)]?.id ?? "a message", refused.Code ?? "", refused.Message);
    const sent = new Set(Successful.map(({ Id }) => Number(Id)));
    left = left.filter((_, i) => !sent.has(i));
    if (left.length === 0) return;
    if (round === ROUNDS) {
      throw new StoreError(
        "unavailable",
        `The SQS queue ${url} did not take ${left.length} of ${batch.length} messages ` +
          `(${Failed[0]?.Code ?? "no reason given"}). Try again later.`,
      );
    }
    await sleep(clock, BACKOFF_BASE_MS * 2 ** round * (0.5 + random() / 2));
  }
}

function refusal(url: string, id: string, code: string, said = ""): StoreError {
  if (/shorter than|too long|size/i.test(said)) {
    return new StoreError(
      "too_large",
      `The SQS queue ${url} takes no message as large as ${id} (${code}). Raise its MaximumMessageSize, at most 1 MiB.`,
    );
  }
  return new StoreError("internal", `The SQS queue ${url} refused ${id} (${code}).`);
}
