import { describe, expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";
import { Secret } from "../core/secret.ts";
import { readSignature, signatureFault } from "./aws-signature.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW = Date.parse("2026-11-21T10:00:00Z");
const BODY = '{"messages":[{"role":"user","content":[{"text":"Grüße"}]}]}';

interface Signing {
  readonly url?: string;
  readonly body?: string;
  readonly at?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signed?: readonly string[];
}

function hex(data: string): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}

/** A request signed step by step as the published algorithm says, by nothing of the house. */
function sign(options: Signing = {}): Request {
  const { url = "http://127.0.0.1:8080/model/support-chat/converse", body = BODY } = options;
  const { at = "20261121T100000Z", signed = ["content-type", "host", "x-amz-date"] } = options;
  const { host, pathname, search } = new URL(url);
  const values: Record<string, string> = {
    "content-type": "application/json",
    host,
    ":authority": host,
    "x-amz-date": at,
    ...options.headers,
  };
  const path = pathname.split("/").map(encodeURIComponent).join("/");
  const query = search.slice(1).split("&").filter(Boolean).sort().join("&");
  const canonical = [
    "POST",
    path,
    query,
    ...signed.map((name) => `${name}:${values[name]}`),
    "",
    signed.join(";"),
    hex(body),
  ].join("\n");
  const scope = `${at.slice(0, 8)}/us-east-1/bedrock/aws4_request`;
  let key = hmac(`AWS4${SECRET}`, at.slice(0, 8));
  for (const part of ["us-east-1", "bedrock", "aws4_request"]) key = hmac(key, part);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${at}\n${scope}\n${hex(canonical)}`).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIATEST/${scope}, SignedHeaders=${signed.join(";")}, Signature=${signature}`;
  const { ":authority": _pseudo, ...sent } = values;
  return new Request(url, { method: "POST", headers: { ...sent, authorization }, body });
}

function verdict(request: Request, body = BODY, secret = SECRET, now = NOW): string | null {
  const stated = readSignature(request.headers.get("authorization") ?? "");
  if (!stated) return "unreadable";
  const fault = signatureFault(request, new TextEncoder().encode(body), stated, new Secret(secret), now);
  return fault?.code ?? null;
}

describe("a signature", () => {
  test("of the holder of the secret is accepted", () => {
    expect(verdict(sign())).toBeNull();
  });

  test("covers paths with encoded slashes, queries in any order, and HTTP/2's name of the host", () => {
    const arn = encodeURIComponent("arn:aws:bedrock:us-east-1:1:inference-profile/a b");
    expect(verdict(sign({ url: `http://h.test/model/${arn}/converse-stream` }))).toBeNull();
    expect(verdict(sign({ url: "http://h.test/model/m/invoke?b=2&a=1" }))).toBeNull();
    expect(verdict(sign({ signed: [":authority", "x-amz-date"] }))).toBeNull();
  });

  test("states the body's digest where it likes", () => {
    const right = { "x-amz-content-sha256": hex(BODY) };
    const signed = ["content-type", "host", "x-amz-content-sha256", "x-amz-date"];
    expect(verdict(sign({ headers: right, signed }))).toBeNull();
    const wrong = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    expect(verdict(sign({ headers: wrong, signed }))).toBe("invalid_signature");
  });

  test.each([
    ["another secret", () => verdict(sign(), BODY, "another")],
    ["a body that was changed", () => verdict(sign(), `${BODY} `)],
    ["an old one", () => verdict(sign(), BODY, SECRET, NOW + 301_000)],
    ["one from the future", () => verdict(sign(), BODY, SECRET, NOW - 301_000)],
    ["a date of another day", () => verdict(sign({ at: "20261120T100000Z" }))],
    ["one that leaves out the host", () => verdict(sign({ signed: ["x-amz-date"] }))],
    ["one that leaves out the time", () => verdict(sign({ signed: ["host"] }))],
  ])("by %s is refused", (_name, look) => {
    expect(look()).toBe("invalid_signature");
  });

  test("a header added to those that were signed changes nothing, one changed does", () => {
    const request = sign();
    request.headers.set("x-trace", "1");
    expect(verdict(request)).toBeNull();
    request.headers.set("content-type", "text/plain");
    expect(verdict(request)).toBe("invalid_signature");
  });

  test.each([
    "Bearer abc",
    "AWS4-HMAC-SHA256 nonsense",
    `AWS4-HMAC-SHA256 Credential=a/20261121/r/s/aws4_request, SignedHeaders=host, Signature=${"g".repeat(64)}`,
    `AWS4-HMAC-SHA256 Credential=a/20261121/r/s/aws4_request, SignedHeaders=${"h;".repeat(2000)}h, Signature=${"a".repeat(64)}`,
  ])("that is none is not read", (text) => {
    expect(readSignature(text)).toBeNull();
  });
});
