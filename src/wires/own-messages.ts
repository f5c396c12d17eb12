/**
 * A conversation that was rewritten and goes to the dialect that it came in: what its caller wrote of each message that
 * stayed. Owns the match alone; what a wire sends of a message, and how it takes what the caller wrote, is the wire's.
 */
import type { Message, ModelRequest } from "../core/request.ts";

/** By the message that was read of it. */
export type OwnMessages<Sent> = ReadonlyMap<Message, Sent>;

const NONE = new Map<Message, never>();

/**
 * Rewriting puts messages in and leaves messages out; one that stays is the very object that was read of the body, and
 * is sent as it was written, with the fields that the contract does not model. `sent`: for each message that was read,
 * in order, what it was read of; undefined where it is to be rendered all the same. Empty where `sent` is of another
 * conversation.
 */
export function ownMessages<Sent>(
  { origin: { read } }: ModelRequest,
  sent: readonly (Sent | undefined)[],
): OwnMessages<Sent> {
  if (read === undefined || read.length !== sent.length) return NONE;
  const own = new Map<Message, Sent>();
  for (const [index, message] of read.entries()) {
    const written = sent[index];
    if (written !== undefined) own.set(message, written);
  }
  return own;
}

/** Of a conversation that nobody wrote in the dialect it is sent in. */
export function noOwnMessages(): OwnMessages<never> {
  return NONE;
}
