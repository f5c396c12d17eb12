/** Requests that no client would send, and what every refusal of one must look like. */
import { expect } from "bun:test";
import { callsUpstream, chat, KEY, type RunningGateway } from "./harness.ts";
import { type RawResponse, sendRaw } from "./raw-http.ts";

export const CHAT_PATH = "/v1/chat/completions";
export const MEBIBYTE = 1024 * 1024;
/** Of a body. */
export const LIMIT = 20 * MEBIBYTE;

/** Default: POST of nothing to the chat endpoint with the suite's key. */
export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  /** Null leaves a default header out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string | Uint8Array;
}

/** `content-length` is computed unless stated. */
export async function rawRequest(gateway: RunningGateway, request: RawRequest): Promise<RawResponse> {
  const { method = "POST", path = CHAT_PATH, headers = {}, body = "" } = request;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const all: Record<string, string | null> = {
    host: "localhost",
    authorization: `Bearer ${KEY}`,
    "content-type": "application/json",
    "content-length": String(bytes.byteLength),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  const response = await sendRaw(gateway.url, [head, bytes]);
  if (response === null) throw new Error("The connection closed without a response.");
  return response;
}

/** A body that is good but for `fields`. */
export function chatBody(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ model: "support-chat", messages: [{ role: "user", content: "Hi" }], ...fields });
}

/** `{error:{message,type,param,code}, request_id}` with the request id in the header too; gives `param`. */
export function expectRefusal(response: RawResponse | null, status: number, code: string): unknown {
  expect(response?.status).toBe(status);
  expect(response?.headers["content-type"]).toStartWith("application/json");
  const body = JSON.parse(response?.body ?? "") as { error: Record<string, unknown>; request_id: string };
  expect(Object.keys(body.error).sort()).toEqual(["code", "message", "param", "type"]);
  expect(body.error.code).toBe(code);
  expect(String(body.error.message).length).toBeGreaterThan(10);
  expect(typeof body.error.type).toBe("string");
  expect(body.request_id.length).toBeGreaterThan(0);
  expect(response?.headers["x-request-id"]).toBe(body.request_id);
  return body.error.param;
}

/** Nothing has reached a provider since `before`, and a good request is answered. */
export async function expectUnharmed(
  gateway: RunningGateway,
  before: Readonly<Record<string, number>>,
): Promise<void> {
  expect(await callsUpstream(gateway)).toEqual(before);
  const response = await chat(gateway, {});
  expect(response.status).toBe(200);
  await response.text();
}
