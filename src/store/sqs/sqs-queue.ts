/**
 * The queue in Amazon SQS: a standard queue, and one for dead letters. Owns what SQS does not do by itself: delays
 * beyond a quarter of an hour, receipts that are over, a reason for each dead letter.
 *
 * At-least-once, as the port says, with what SQS cannot promise: an id that is sent twice is delivered twice, the
 * order and the counts are approximate, nothing stays longer than the queue's retention (4 days where nobody set it),
 * no message is in hand for more than twelve hours in all, and a process that dies while it sends again what was
 * delayed or given up leaves it doubled.
 */
import type { Message } from "@aws-sdk/client-sqs";
import type { Clock, Random } from "../../core/clock.ts";
import { regionOf } from "../job-queue/queue-address.ts";
import { MAX_DEAD_PAGE, MAX_RECEIVED, takenOnce } from "../job-queue/queued-messages.ts";
import type { Delivery, JobQueue, QueueDepth } from "../job-queue.ts";
import { boundedLimit } from "../paging.ts";
import { StoreError } from "../store-error.ts";
import { createSqsCalls } from "./calls.ts";
import { asDead, discardDead, listDead, receivedTimes, replayDead } from "./dead-letters.ts";
import { HEADER_BYTES, identityOf, unpack } from "./envelope.ts";
import { createInHand, type Held, MAX_VISIBILITY_MS, promisedUntil, visibilitySeconds } from "./in-hand.ts";
import { MAX_DELAY_SECONDS, MAX_SQS_BYTES, type Outgoing, sendAll } from "./send-all.ts";

const MAX_DELAY_MS = MAX_DELAY_SECONDS * 1_000;
/** Questions for one `receive` beyond those that it takes at ten messages each: some bring what is still delayed. */
const SPARE_QUESTIONS = 4;
/** What is another environment's is hidden from everybody for so long: its own gateways will come for it. */
const OTHERS_SECONDS = 5;

export interface SqsQueueOptions {
  readonly url: string;
  /** Null: the one that the queue's redrive policy names. */
  readonly deadUrl: string | null;
  /** In place of the queue's own: a VPC endpoint, a server for tests. Null: the host of `url`. */
  readonly endpoint: string | null;
  readonly clock: Clock;
  readonly random: Random;
  /** Whose messages it sends and receives. Default null: those of gateways of no environment in particular. */
  readonly environment?: string | null;
  /** How long an empty queue is listened to, in seconds; below 1 SQS asks only some of its servers. Default 1. */
  readonly waitSeconds?: number;
}

/** Asks nothing before it is used: a queue that is missing or out of reach shows with the first question. */
export function createSqsQueue(options: SqsQueueOptions): JobQueue {
  const { url, clock, random, waitSeconds = 1 } = options;
  const environment = options.environment ?? "";
  const calls = createSqsCalls({
    region: regionOf(url),
    endpoint: options.endpoint ?? new URL(url).origin,
    clock,
  });
  const ports = { calls, clock, random, waitSeconds };
  const inHand = createInHand(clock);
  let deadUrl: string | null = options.deadUrl;
  let maxBodyBytes = MAX_SQS_BYTES - HEADER_BYTES;
  let closed = false;

  const assertOpen = (): void => {
    if (closed) throw new StoreError("closed", "The queue is closed.");
  };
  const learn = (attributes: Readonly<Record<string, string>>): void => {
    const allowed = Number(attributes.MaximumMessageSize);
    if (allowed >= 1_024)
      maxBodyBytes = Math.min(MAX_SQS_BYTES, allowed) - Math.min(HEADER_BYTES, allowed / 2);
  };
  const deadLetters = async (): Promise<string> => {
    if (deadUrl !== null) return deadUrl;
    const attributes = await calls.attributes(url);
    learn(attributes);
    const [name, account] = arnParts(attributes.RedrivePolicy);
    if (name === undefined || account === undefined) {
      throw new StoreError(
        "refused",
        `The SQS queue ${url} has no dead-letter queue. Name one with ,dead=URL or give the queue a redrive policy.`,
      );
    }
    deadUrl = await calls.urlOf(url, name, account);
    return deadUrl;
  };
  /** In place of the message in hand: another, with what is to be noted of it. */
  const replace = async (held: Held, by: Outgoing, to: string): Promise<void> => {
    await sendAll(ports, to, [by]);
    await calls.remove(url, held.receipt);
    inHand.drop(held.receipt);
  };
  const changeVisibility = async (held: Held, seconds: number, until: number): Promise<boolean> => {
    if (!(await calls.hide(url, held.receipt, seconds))) {
      inHand.drop(held.receipt);
      return false;
    }
    inHand.prolong(held.receipt, until);
    return true;
  };
  /** Messages of other environments. One that cannot be hidden comes again when its visibility is over. */
  const leave = async (others: readonly Held[]): Promise<void> => {
    await Promise.allSettled(others.map(({ receipt }) => calls.hide(url, receipt, OTHERS_SECONDS)));
  };
  /** Messages that came too early go back; a copy that could not be sent leaves its message, which comes again. */
  const sendBack = async (early: readonly Held[]): Promise<void> => {
    if (early.length === 0) return;
    const now = clock.now();
    const copies = early.map(({ header, body }) => ({
      header,
      body,
      delayMs: (header.notBefore ?? now) - now,
    }));
    await sendAll(ports, url, copies);
    await calls.removeAll(
      url,
      early.map(({ receipt }) => receipt),
    );
  };

  return {
    get maxBodyBytes() {
      return maxBodyBytes;
    },
    async send(messages) {
      assertOpen();
      const now = clock.now();
      const outgoing = takenOnce(messages, maxBodyBytes).map(({ id, group, body, delayMs = 0 }) => ({
        header: { id, group, sentAt: now, environment, ...laterThanSqs(now, delayMs) },
        body,
        delayMs,
      }));
      await sendAll(ports, url, outgoing);
    },
    async receive(max, visibilityMs) {
      assertOpen();
      const wanted = boundedLimit(max, MAX_RECEIVED);
      const given: Held[] = [];
      const questions = Math.ceil(wanted / 10) + SPARE_QUESTIONS;
      for (let i = 0; i < questions && given.length < wanted; i++) {
        const askedAt = clock.now();
        const messages = await calls
          .receive(url, {
            max: wanted - given.length,
            visibilitySeconds: visibilitySeconds(visibilityMs),
            waitSeconds: i === 0 ? waitSeconds : 0,
          })
          // What was received before is given out all the same.
          .catch((thrown: unknown) => (given.length > 0 ? [] : Promise.reject(thrown)));
        if (messages.length === 0) break;
        const now = clock.now();
        const until = promisedUntil(askedAt, now, visibilityMs);
        const found = messages.map((message) => heldOf(message, askedAt, until));
        const isOwn = ({ header }: Held) => (header.environment ?? environment) === environment;
        const all = found.filter(isOwn);
        if (all.length < found.length) await leave(found.filter((held) => !isOwn(held)));
        given.push(...all.filter(({ header }) => (header.notBefore ?? 0) <= now));
        await sendBack(all.filter(({ header }) => (header.notBefore ?? 0) > now)).catch((thrown: unknown) =>
          given.length > 0 ? undefined : Promise.reject(thrown),
        );
      }
      for (const held of given) inHand.take(held);
      return given.map(deliveryOf);
    },
    async extend(receipt, visibilityMs) {
      assertOpen();
      const held = inHand.find(receipt);
      if (!held) return false;
      const now = clock.now();
      // SQS counts twelve hours from the receipt on, and refuses to pass them.
      const rest = held.receivedAt + MAX_VISIBILITY_MS - now;
      const seconds = Math.min(visibilitySeconds(visibilityMs), Math.floor(rest / 1_000));
      if (seconds < 1) return false;
      const until = Math.min(promisedUntil(now, now, visibilityMs), now + seconds * 1_000);
      return changeVisibility(held, seconds, until);
    },
    async acknowledge(receipt) {
      assertOpen();
      if (!inHand.find(receipt)) return false;
      const removed = await calls.remove(url, receipt);
      inHand.drop(receipt);
      return removed;
    },
    async release(receipt, delayMs) {
      assertOpen();
      const held = inHand.find(receipt);
      if (!held) return false;
      const now = clock.now();
      const seconds = Math.ceil(Math.max(0, delayMs) / 1_000);
      if (now + seconds * 1_000 < held.receivedAt + MAX_VISIBILITY_MS) {
        return changeVisibility(held, seconds, now);
      }
      const header = { ...identityOf(held.header), attempts: held.attempts, notBefore: now + delayMs };
      await replace(held, { header, body: held.body, delayMs }, url);
      return true;
    },
    async bury({ receipt }, reason) {
      assertOpen();
      const held = inHand.find(receipt);
      if (!held) return false;
      await replace(held, asDead(held, held.attempts, clock.now(), reason), await deadLetters());
      return true;
    },
    async dead(limit, after) {
      assertOpen();
      return listDead(ports, await deadLetters(), boundedLimit(limit, MAX_DEAD_PAGE), after);
    },
    async replay(ids) {
      assertOpen();
      return replayDead(ports, await deadLetters(), url, ids, clock.now());
    },
    async discard(ids) {
      assertOpen();
      return discardDead(ports, await deadLetters(), ids);
    },
    /** SQS removes what was received and nothing else. */
    async withdraw() {
      assertOpen();
      return false;
    },
    async depth() {
      assertOpen();
      const [waiting, dead] = await Promise.all([
        calls.attributes(url),
        deadLetters().then((deadLetterUrl) => calls.attributes(deadLetterUrl)),
      ]);
      learn(waiting);
      return depthOf(waiting, dead);
    },
    async close() {
      closed = true;
      await calls.close();
    },
  };
}

function laterThanSqs(now: number, delayMs: number): { readonly notBefore?: number } {
  return delayMs > MAX_DELAY_MS ? { notBefore: now + delayMs } : {};
}

function heldOf(message: Message, receivedAt: number, until: number): Held {
  const enveloped = unpack(message);
  const { attempts: before = 0, diedAt } = enveloped.header;
  const taken = { receipt: message.ReceiptHandle ?? "", receivedAt, until };
  if (diedAt === undefined) return { ...enveloped, ...taken, attempts: before + receivedTimes(message) };
  // A dead letter that was moved back by other means than ours, such as the AWS console, counts anew like ours do.
  const sentAt = Math.max(diedAt, Number(message.Attributes?.SentTimestamp ?? 0));
  const header = { ...enveloped.header, sentAt };
  return { ...enveloped, ...taken, header, attempts: receivedTimes(message) };
}

function deliveryOf({ header: { id, group, sentAt }, body, receipt, attempts }: Held): Delivery {
  return { id, group, body, receipt, attempts, sentAt };
}

/** What was given back with a delay counts as in hand: SQS keeps the two in one. */
function depthOf(
  waiting: Readonly<Record<string, string>>,
  dead: Readonly<Record<string, string>>,
): QueueDepth {
  const count = (of: Readonly<Record<string, string>>, what = "") =>
    Number(of[`ApproximateNumberOfMessages${what}`] ?? 0);
  return {
    ready: count(waiting),
    delayed: count(waiting, "Delayed"),
    inHand: count(waiting, "NotVisible"),
    dead: count(dead) + count(dead, "NotVisible") + count(dead, "Delayed"),
  };
}

/** Name and account of `arn:aws:sqs:REGION:ACCOUNT:NAME`, out of a redrive policy. */
function arnParts(redrivePolicy: string | undefined): readonly (string | undefined)[] {
  try {
    const { deadLetterTargetArn } = JSON.parse(redrivePolicy ?? "{}") as { deadLetterTargetArn?: unknown };
    const parts = typeof deadLetterTargetArn === "string" ? deadLetterTargetArn.split(":") : [];
    return [parts[5], parts[4]];
  } catch {
    return [];
  }
}
