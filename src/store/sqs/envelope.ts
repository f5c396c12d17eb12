/**
 * A message of ours as SQS carries it: the body as it is, and one attribute, `pointsman`, with what we note of it as
 * JSON. Owns that form and its size; sends nothing.
 */
import type { Message, MessageAttributeValue } from "@aws-sdk/client-sqs";

export const ATTRIBUTE = "pointsman";
/** What is kept free beside a body for the attribute. */
export const HEADER_BYTES = 8 * 1024;
const MAX_REASON_CHARS = 1_000;

/** What is noted of a message. Times are epoch milliseconds. */
export interface Header {
  readonly id: string;
  readonly group: string;
  readonly sentAt: number;
  /** Whose it is, empty for gateways of no environment in particular; absent: of an earlier release, and anybody's. */
  readonly environment?: string;
  /** SQS delays for a quarter of an hour at most: who receives it earlier sends it again. */
  readonly notBefore?: number;
  /** Received so often before this copy was sent. */
  readonly attempts?: number;
  /** Dead letters alone. */
  readonly diedAt?: number;
  readonly reason?: string;
}

/** Of which message it is: what every copy of it says. */
export function identityOf({ id, group, sentAt, environment }: Header): Header {
  return { id, group, sentAt, ...(environment !== undefined && { environment }) };
}

export interface Enveloped {
  readonly header: Header;
  readonly body: string;
}

export interface Packed {
  readonly MessageBody: string;
  readonly MessageAttributes: Record<string, MessageAttributeValue>;
  /** As SQS counts it. */
  readonly bytes: number;
}

/** Outside it SQS, or a server that speaks like it, refuses a body. Pairs of surrogates are among what some refuse. */
const UNCARRIED = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/;

/** A body that SQS would not carry goes as a JSON string of ASCII, and comes back as it was. */
export function pack({ header, body }: Enveloped): Packed {
  const escaped = UNCARRIED.test(body);
  const note = { ...header, ...(header.reason !== undefined && { reason: cut(header.reason) }) };
  const value = ascii(JSON.stringify({ v: 1, ...note, ...(escaped && { coding: "json-string" }) }));
  const carried = escaped ? ascii(JSON.stringify(body)) : body;
  return {
    MessageBody: carried,
    MessageAttributes: { [ATTRIBUTE]: { DataType: "String", StringValue: value } },
    bytes: Buffer.byteLength(carried) + ATTRIBUTE.length + "String".length + value.length,
  };
}

/** What others put into the queue is a message too: its id is SQS's own, its group empty. */
export function unpack(message: Message): Enveloped {
  const body = message.Body ?? "";
  const sentAt = Number(message.Attributes?.SentTimestamp ?? 0);
  const foreign = { header: { id: message.MessageId ?? "", group: "", sentAt }, body };
  const text = message.MessageAttributes?.[ATTRIBUTE]?.StringValue;
  if (text === undefined) return foreign;
  try {
    const { v, coding, ...header } = JSON.parse(text) as Header & { v?: unknown; coding?: unknown };
    if (v !== 1 || typeof header.id !== "string" || typeof header.group !== "string") return foreign;
    return { header, body: coding === "json-string" ? String(JSON.parse(body)) : body };
  } catch {
    return foreign;
  }
}

function ascii(json: string): string {
  return json.replace(
    /[^\u0020-\u007E]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function cut(reason: string): string {
  return reason.length <= MAX_REASON_CHARS ? reason : `${reason.slice(0, MAX_REASON_CHARS)}…`;
}
