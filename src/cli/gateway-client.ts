/**
 * Asks a running gateway over HTTP. Owns how its refusals and absence are told to a person; knows no
 * command. Keys go into the one header and nowhere else.
 */
import { DEMO_KEY } from "../core/demo-key.ts";
import { codeOf } from "../core/thrown.ts";
import { EXIT } from "./exit-codes.ts";
import type { GatewayOptions } from "./options.ts";
import type { CliPorts } from "./ports.ts";

const DEFAULT_URL = "http://127.0.0.1:8080";
/** A gateway that says nothing for this long is taken for absent. */
const TIMEOUT_MS = 10_000;

/** What it says with 400, as to any request that cannot be met, of a thing that is not in the state for it. */
const WRONG_STATE: ReadonlySet<string> = new Set([
  "job_not_cancellable",
  "nothing_to_deliver",
  "ticket_not_open",
]);

/** No such thing, not in the state for it, not what the caller has seen. */
const ANSWERS: ReadonlySet<number> = new Set([404, 409, 412]);

/** Why there is no answer, in words; `status` is null where none came. */
export interface GatewayFailure {
  readonly ok: false;
  readonly status: number | null;
  /** The gateway's stable code, or null where it gave none. */
  readonly code: string | null;
  readonly message: string;
  /** Null where the message says all there is. */
  readonly fix: string | null;
  readonly exitCode: number;
}

export type GatewayAnswer = { readonly ok: true; readonly value: unknown } | GatewayFailure;

export interface GatewayClient {
  get(path: string, query?: Readonly<Record<string, string | number | undefined>>): Promise<GatewayAnswer>;
  post(path: string, body: unknown): Promise<GatewayAnswer>;
}

/** A failure where the address or the key cannot be used at all. */
export function createGatewayClient(
  ports: CliPorts,
  options: GatewayOptions,
): { readonly ok: true; readonly client: GatewayClient } | GatewayFailure {
  const text = options.url ?? (ports.env.POINTSMAN_URL || DEFAULT_URL);
  const base = readBase(text);
  if (base === null) {
    return wrongUsage(
      "The gateway's address is not an http or https URL without user, query or fragment.",
      `Write it as ${DEFAULT_URL}.`,
    );
  }
  const { POINTSMAN_API_KEY, POINTSMAN_DEMO_KEY } = ports.env;
  const key = (options.apiKey ?? (POINTSMAN_API_KEY || POINTSMAN_DEMO_KEY || DEMO_KEY)).trim();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    return wrongUsage("The API key is empty or has characters that no key has.", "Copy it again, whole.");
  }
  const call = (path: string, init: RequestInit) => ask(ports, base, path, key, init);
  return {
    ok: true,
    client: {
      get: (path, query = {}) => call(path + queryText(query), { method: "GET" }),
      post: (path, body) =>
        call(path, {
          method: "POST",
          body: JSON.stringify(body),
          headers: { "content-type": "application/json" },
        }),
    },
  };
}

function readBase(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const plain = url.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (!plain || (url.protocol !== "http:" && url.protocol !== "https:")) return null;
  return url.href.replace(/\/+$/, "");
}

function queryText(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.append(name, String(value));
  }
  return given.size === 0 ? "" : `?${given}`;
}

async function ask(
  ports: CliPorts,
  base: string,
  path: string,
  key: string,
  init: RequestInit,
): Promise<GatewayAnswer> {
  const tooLate = new AbortController();
  const timer = ports.clock.after(TIMEOUT_MS, () => tooLate.abort());
  const signal = ports.signal ? AbortSignal.any([tooLate.signal, ports.signal]) : tooLate.signal;
  try {
    const headers = { ...init.headers, authorization: `Bearer ${key}`, accept: "application/json" };
    const response = await ports.fetch(`${base}${path}`, { ...init, headers, signal, redirect: "manual" });
    const body = asJson(await response.text());
    if (response.ok && body !== undefined) return { ok: true, value: body };
    return refusal(base, response.status, body);
  } catch (thrown) {
    // The message of what fetch throws may quote a header; the code says enough.
    return absent(base, tooLate.signal.aborted ? "timeout" : (codeOf(thrown) ?? ""));
  } finally {
    timer.cancel();
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function absent(base: string, code: string): GatewayFailure {
  const why = code === "timeout" ? `did not answer within ${TIMEOUT_MS / 1000} s` : "cannot be reached";
  const fix =
    code === "timeout"
      ? "See whether the gateway is overloaded, or whether --url leads to something else."
      : "Start it first with `pointsman up`, or say where it is with --url or POINTSMAN_URL.";
  const detail = code === "timeout" || code === "" ? "" : ` (${code})`;
  return {
    ok: false,
    status: null,
    code: null,
    message: `The gateway at ${base} ${why}${detail}.`,
    fix,
    exitCode: EXIT.gateway,
  };
}

function refusal(base: string, status: number, body: unknown): GatewayFailure {
  const error = errorOf(body);
  const said = error?.message ?? "it is no answer of Pointsman's";
  return {
    ok: false,
    status,
    code: error?.code ?? null,
    message: `The gateway at ${base} answered ${status}: ${said}`,
    fix: fixOf(status, error !== null),
    exitCode: isAnswer(status, error?.code) ? EXIT.notRight : EXIT.gateway,
  };
}

/**
 * Whether the gateway did what was asked and the answer is no. A path that it does not know is another matter: it is of
 * another version, or no gateway.
 */
function isAnswer(status: number, code = ""): boolean {
  if (WRONG_STATE.has(code)) return true;
  return ANSWERS.has(status) && code !== "" && code !== "unknown_path";
}

function fixOf(status: number, ours: boolean): string | null {
  if (!ours)
    return "To find out, see what listens there; or say where the gateway is with --url or POINTSMAN_URL.";
  if (status === 401) return "Give a key of the policy with --api-key or POINTSMAN_API_KEY.";
  if (status === 403) return "Use a key with that role.";
  if (status >= 500) return "See the gateway's log; try again when it is ready.";
  return null;
}

function errorOf(body: unknown): { readonly message: string; readonly code: string } | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const { error } = body;
  if (typeof error !== "object" || error === null || !("message" in error)) return null;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return typeof error.message === "string" ? { message: error.message, code } : null;
}

/** An answer that is JSON, but not of the expected shape. */
export function unexpectedAnswer(path: string): GatewayFailure {
  return {
    ok: false,
    status: null,
    code: null,
    message: `The answer to ${path} has a shape that this version does not know.`,
    fix: "Use the command line of the gateway's own version, or see what listens at --url.",
    exitCode: EXIT.gateway,
  };
}

function wrongUsage(message: string, fix: string): GatewayFailure {
  return { ok: false, status: null, code: null, message, fix, exitCode: EXIT.usage };
}
