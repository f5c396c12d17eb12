/**
 * One message on its way to an application. Owns the connection: it goes to an address that was looked at, follows
 * no redirect, takes no more than ten seconds and reads nothing of what is answered but its status.
 */
import { lookup as systemLookup } from "node:dns";
import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { parseRetryAfter } from "../../core/retry-after.ts";
import { hostOf } from "./destination.ts";
import { isPublicAddress } from "./public-address.ts";

const TIMEOUT_MS = 10_000;

export interface Post {
  readonly url: URL;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether it may go to this machine or its network. */
  readonly allowPrivate: boolean;
}

export type PostOutcome =
  | { readonly type: "answered"; readonly status: number; readonly retryAfterMs: number | null }
  /** `error`: a few words for people, none of them a stranger's. */
  | { readonly type: "failed"; readonly error: string };

export interface PostPorts {
  readonly clock: Clock;
  /** Names to addresses; default: the system's. */
  readonly lookup?: LookupFunction;
}

const PRIVATE = "the name leads to an address of a private network";

/** Never rejects. */
export function post(message: Post, { clock, lookup = systemLookup }: PostPorts): Promise<PostOutcome> {
  const { url, body, headers, allowPrivate } = message;
  const host = hostOf(url);
  if (isIP(host) !== 0 && !isPublicAddress(host) && !allowPrivate) {
    return Promise.resolve({ type: "failed", error: PRIVATE });
  }
  const options: RequestOptions = {
    method: "POST",
    hostname: host,
    port: url.port === "" ? undefined : url.port,
    path: url.pathname + url.search,
    headers: {
      ...headers,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "pointsman",
    },
    // A connection of its own: one that is kept open was looked at for another message.
    agent: false,
    lookup: allowPrivate ? lookup : guarded(lookup),
  };
  return new Promise((resolve) => {
    const settle = (outcome: PostOutcome): void => {
      timer.cancel();
      resolve(outcome);
    };
    const sending = (url.protocol === "http:" ? httpRequest : httpsRequest)(options, (response) => {
      const retryAfterMs = parseRetryAfter(response.headers["retry-after"], clock.wall());
      settle({ type: "answered", status: response.statusCode ?? 0, retryAfterMs });
      sending.destroy();
    });
    const timer = clock.after(TIMEOUT_MS, () => {
      settle({ type: "failed", error: `no answer within ${TIMEOUT_MS / 1000} s` });
      sending.destroy();
    });
    sending.on("error", (thrown: Error & { readonly code?: unknown }) => {
      settle({ type: "failed", error: describe(thrown) });
    });
    sending.end(body);
  });
}

class PrivateAddressError extends Error {}

/** The connection is made to what this answers, so a name cannot lead elsewhere between the look and the call. */
function guarded(lookup: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    lookup(host, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found];
      if (!error && !addresses.every(isPublicAddress)) callback(new PrivateAddressError(PRIVATE), [], 0);
      else callback(error, found, family);
    });
  };
}

/** The message of what a socket throws may hold names; its code says enough. */
function describe(thrown: Error & { readonly code?: unknown }): string {
  if (thrown instanceof PrivateAddressError || thrown.message === PRIVATE) return PRIVATE;
  return typeof thrown.code === "string" && /^[A-Z0-9_]{1,64}$/.test(thrown.code)
    ? `the connection failed (${thrown.code})`
    : "the connection failed";
}
