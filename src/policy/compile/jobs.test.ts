import { describe, expect, test } from "bun:test";
import { BASE_POLICY, compileTexts, snapshotOf } from "../fake-policy.ts";

const chat = (lines: string) =>
  BASE_POLICY.replace("max_output_tokens: 40", `max_output_tokens: 40\n    ${lines}`);
const codes = (text: string) => compileTexts(text).findings.map(({ code, path }) => `${code} ${path}`);
const webhooks = (text: string) => `${BASE_POLICY}webhooks: ${text}\n`;

describe("jobs", () => {
  test("have bounds where none are written, and the policy's version does not depend on them", () => {
    const plain = snapshotOf(BASE_POLICY);
    expect(plain.useCases.get("chat")?.jobs).toEqual({ concurrency: 4, maxAttempts: 5, microBatch: null });
    expect(plain.jobs).toEqual({
      concurrency: 16,
      maxWaiting: 10_000,
      maxWaitingBytes: 256 * 1024 * 1024,
      keepMs: 7 * 86_400_000,
    });
    expect(plain.webhooks).toBeNull();
  });

  test("are read", () => {
    const text = chat("jobs: { concurrency: 2, max_attempts: 9, micro_batch: { max: 8, wait: 20ms } }");
    const snapshot = snapshotOf(`${text}jobs: { concurrency: 3, max_waiting: 5, keep: 1h }\n`);
    expect(snapshot.useCases.get("chat")?.jobs).toEqual({
      concurrency: 2,
      maxAttempts: 9,
      microBatch: { max: 8, waitMs: 20 },
    });
    expect(snapshot.jobs).toMatchObject({ concurrency: 3, maxWaiting: 5, keepMs: 3_600_000 });
  });
});

describe("webhooks", () => {
  test("are read; a secret that is missing is told, and the place stays closed", () => {
    const text = webhooks(
      "{ secret: { env: HOOK }, give_up_after: 2h, destinations: [{ host: '*.example.com', tenants: [acme] }, { host: 127.0.0.1, port: 9000, private: true }] }",
    );
    expect(snapshotOf(text).webhooks).toEqual({
      giveUpAfterMs: 7_200_000,
      destinations: [
        { host: "*.example.com", port: 443, private: false, tenants: ["acme"], secret: null },
        { host: "127.0.0.1", port: 9000, private: true, tenants: null, secret: null },
      ],
    });
    expect(codes(text)).toContain("missing_webhook_secret webhooks.secret");
  });

  test.each([
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "192.168.1.1",
    "172.20.0.1",
    "localhost",
    "::1",
    "fd00::1",
  ])("%s needs the word that it is private", (host) => {
    const text = webhooks(`{ secret: { env: HOOK }, destinations: [{ host: "${host}" }] }`);
    expect(codes(text)).toContain("private_webhook webhooks.destinations[0].host");
  });

  test("without a secret are refused", () => {
    expect(codes(webhooks("{ destinations: [{ host: example.com }] }"))).toContain(
      "no_webhook_secret webhooks.destinations[0]",
    );
  });

  test.each([
    "*",
    "*.com",
    "https://example.com",
    "EXAMPLE.com",
    "example.com/x",
    "127.1",
    "a b",
    "user@example.com",
  ])("%s is no host", (host) => {
    const text = webhooks(`{ secret: { env: HOOK }, destinations: [{ host: "${host}" }] }`);
    expect(compileTexts(text).snapshot).toBeNull();
  });
});
