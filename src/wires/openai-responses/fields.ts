/**
 * What of this wire the contract does not model, and how it travels. Owns the shape of `extra`, the ids that
 * the gateway makes itself, and who encrypted reasoning; knows no event.
 */
import type { Extra } from "../../core/events.ts";
import { isRecord } from "../../core/json.ts";
import type { JsonObject } from "../wire.ts";

export const WIRE_ID = "openai-responses";

/** What `extra.fields` of this wire holds. */
export interface CarriedFields {
  /** On `start` and `choice_end`: fields of the response object. */
  readonly response?: JsonObject;
  /** On `text`: fields of the delta. */
  readonly delta?: JsonObject;
  /** On `tool_call`: fields of its item. On `opaque`: a whole item. */
  readonly item?: JsonObject;
  /** On `opaque`: a message or reasoning item with this `type` and these fields begins; its content follows. */
  readonly opens?: JsonObject;
  /** On `opaque`: the next part of the item under way begins; its `type` says of which kind. */
  readonly part?: JsonObject;
  /** On `opaque`: an annotation of the text so far. */
  readonly annotation?: JsonObject;
}

/** Told between two parts of one reasoning item, for wires on which reasoning is one text. */
export const PART_SEPARATOR = "\n\n";

export function toExtra(fields: CarriedFields): Extra {
  return { wire: WIRE_ID, fields: fields as JsonObject };
}

/** The fields under `key`, when `extra` was made by this wire. */
export function fromExtra(extra: Extra | undefined, key: keyof CarriedFields): JsonObject | null {
  if (extra === undefined || extra.wire !== WIRE_ID) return null;
  const fields = extra.fields[key];
  return isRecord(fields) ? fields : null;
}

const ID_PREFIXES = { message: "msg", reasoning: "rs", function_call: "fc" } as const;
const OWN_ID = /^(?:msg|rs|fc)_pm_/;

/** An id with a mark of its own: it means nothing to a provider and says nothing to a reader. */
export function makeItemId(type: keyof typeof ID_PREFIXES, responseId: string, index: number): string {
  return `${ID_PREFIXES[type]}_pm_${responseId.replace(/^resp_/, "")}_${index}`;
}

export function isOwnId(id: unknown): boolean {
  return typeof id === "string" && OWN_ID.test(id);
}

/** `fields` without an id that the gateway made; null when nothing is left. */
export function withoutOwnId(fields: JsonObject | null): JsonObject | null {
  if (fields === null || !isOwnId(fields.id)) return fields;
  const { id: _id, ...rest } = fields;
  return Object.keys(rest).length === 0 ? null : rest;
}

/** What a reasoning event or part carries beside its text. */
export type Sealed = { readonly redacted: string } | { readonly signature: string };

/** Before reasoning that a provider of this wire encrypted, inside the gateway: no other's can be sent back. */
const ENCRYPTED = "openai-responses:";
/**
 * Before what another wire's provider signed or encrypted, in `encrypted_content`: a caller hands it back with
 * the conversation, and that provider will ask for it.
 */
const SIGNATURE = "pointsman-signature:";
const REDACTED = "pointsman-redacted:";

/** `encrypted_content` as events and parts carry it. */
export function readEncrypted(content: string): Sealed {
  if (content.startsWith(SIGNATURE)) return { signature: content.slice(SIGNATURE.length) };
  if (content.startsWith(REDACTED)) return { redacted: content.slice(REDACTED.length) };
  return { redacted: ENCRYPTED + content };
}

/** The `encrypted_content` of an event; null where it has neither field. */
export function renderEncrypted(redacted: string | undefined, signature: string | undefined): string | null {
  if (redacted !== undefined) return ownEncrypted(redacted) ?? REDACTED + redacted;
  return signature === undefined ? null : SIGNATURE + signature;
}

/** The `encrypted_content` of a provider of this wire inside `redacted`; null where another encrypted it. */
export function ownEncrypted(redacted: string): string | null {
  return redacted.startsWith(ENCRYPTED) ? redacted.slice(ENCRYPTED.length) : null;
}

/** Whether a caller's item has what only another wire's provider could read. */
export function isForeign(encryptedContent: unknown): boolean {
  return (
    typeof encryptedContent === "string" &&
    (encryptedContent.startsWith(SIGNATURE) || encryptedContent.startsWith(REDACTED))
  );
}
