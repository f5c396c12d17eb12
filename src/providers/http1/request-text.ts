/** A request as the bytes of HTTP/1.1. Owns the form, and that no value can break out of its line. */
import type { UnsignedCall } from "../unsigned-call.ts";
import type { Origin } from "./socket.ts";

export interface Target {
  readonly origin: Origin;
  /** By which connections are shared. */
  readonly key: string;
  /** All of the head that is the same for every call to the URL. */
  readonly start: string;
}

/** URLs are the policy's, a few for each deployment; one that names each request by itself must not pile up. */
const MAX_TARGETS = 10_000;
const targets = new Map<string, Target>();
/**
 * A field value without what could end it (RFC 9110 §5.5). No stricter than the door: a header that its caller may
 * send and we may not would look like an outage of whoever it is meant for.
 */
const SAFE_VALUE = /^[\t\x20-\xff]*$/;
const SAFE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** `own`: not to be passed on. `bad`: no name at all. */
type NameKind = "own" | "bad" | "theirs";
/** What was found about names: there are few, and the same ones in every call. */
const names = new Map<string, NameKind>();
const MAX_NAMES = 1_000;
/** Stated by us, or none of a request's business. */
const OWN = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "accept-encoding",
  "expect",
]);

/** Throws a `TypeError` for what is no URL of HTTP, or one with a user and password, which would be left out. */
export function targetOf(url: string): Target {
  const known = targets.get(url);
  if (known) return known;
  const { protocol, hostname, port, host, pathname, search, username, password } = new URL(url);
  const secure = protocol === "https:";
  if (!secure && protocol !== "http:") throw new TypeError(`${protocol} is not HTTP.`);
  if (username !== "" || password !== "") throw new TypeError("A URL with a user or password is not called.");
  const number = port === "" ? (secure ? 443 : 80) : Number(port);
  const target: Target = {
    origin: { secure, host: hostname.replace(/^\[|\]$/g, ""), port: number },
    key: `${protocol}//${hostname}:${number}`,
    start: `POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: identity\r\n`,
  };
  if (targets.size >= MAX_TARGETS) targets.clear();
  targets.set(url, target);
  return target;
}

/** Throws a `TypeError` that names the header, and not its value, where it could not stand in a line. */
export function requestText({ start }: Target, { headers, body }: UnsignedCall): string {
  // Joined at once: a text that grows is an object for each piece.
  const parts = [start];
  for (const name in headers) {
    const value = headers[name] ?? "";
    const kind = names.get(name) ?? kindOf(name);
    if (kind === "own") continue;
    if (kind === "bad" || !SAFE_VALUE.test(value)) {
      throw new TypeError(`The header ${JSON.stringify(name)} has characters that a header cannot have.`);
    }
    parts.push(name, ": ", value, "\r\n");
  }
  parts.push("content-length: ", String(Buffer.byteLength(body)), "\r\n\r\n", body);
  return parts.join("");
}

function kindOf(name: string): NameKind {
  const kind = OWN.has(name.toLowerCase()) ? "own" : SAFE_NAME.test(name) ? "theirs" : "bad";
  if (names.size < MAX_NAMES) names.set(name, kind);
  return kind;
}
