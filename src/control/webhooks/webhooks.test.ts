import { afterAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import type { LookupFunction } from "node:net";
import { FakeClock } from "../../core/fake-clock.ts";
import type { WebhookDestination, WebhookSettings } from "../../core/job-settings.ts";
import { Secret } from "../../core/secret.ts";
import { findDestination } from "./destination.ts";
import { type Post, post } from "./post.ts";
import { isPublicAddress } from "./public-address.ts";
import { signedHeaders } from "./sign.ts";

describe("public addresses", () => {
  test.each(["8.8.8.8", "93.184.216.34", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"])(
    "%s is",
    (address) => expect(isPublicAddress(address)).toBe(true),
  );
  test.each([
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.1.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2001:db8::1",
    "2001::1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "not an address",
    "",
  ])("%s is not", (address) => expect(isPublicAddress(address)).toBe(false));
});

function settings(...destinations: readonly Partial<WebhookDestination>[]): WebhookSettings {
  const usual = {
    host: "hooks.example.com",
    port: 443,
    private: false,
    tenants: null,
    secret: new Secret("s"),
  };
  return { giveUpAfterMs: 1, destinations: destinations.map((one) => ({ ...usual, ...one })) };
}

describe("destinations", () => {
  const here = { host: "127.0.0.1", port: 9000, private: true };
  test.each<[string, WebhookSettings]>([
    ["https://hooks.example.com/jobs?x=1", settings({})],
    ["https://HOOKS.example.com./jobs", settings({})],
    ["https://a.b.example.org:8443/", settings({ host: "*.example.org", port: 8443 })],
    ["http://127.0.0.1:9000/x", settings({}, here)],
    ["http://2130706433:9000/x", settings(here)],
    ["https://hooks.example.com/", settings({ tenants: ["acme"] })],
  ])("%s is one", (url, allowed) => {
    expect(findDestination(allowed, url, "acme")).toMatchObject({ ok: true });
  });

  test.each<[string, WebhookSettings | null]>([
    ["https://hooks.example.com/", null],
    ["https://hooks.example.com/", settings()],
    ["http://hooks.example.com/", settings({ port: 80 })],
    ["https://hooks.example.com:8443/", settings({})],
    ["https://example.com/", settings({ host: "*.example.com" })],
    ["https://evilexample.com/", settings({ host: "*.example.com" })],
    ["https://hooks.example.com.evil.org/", settings({})],
    ["https://hooks.example.com@evil.org/", settings({})],
    ["https://user:pass@hooks.example.com/", settings({})],
    ["https://hooks.example.com/", settings({ tenants: ["other"] })],
    ["http://169.254.169.254/latest/meta-data", settings({})],
    ["https://127.0.0.1:9000/", settings({ ...here, private: false })],
    ["ftp://127.0.0.1:9000/", settings(here)],
    ["file:///etc/passwd", settings(here)],
    [`https://hooks.example.com/${"x".repeat(2000)}`, settings({})],
    ["nonsense", settings({})],
  ])("%s is none", (url, allowed) => {
    expect(findDestination(allowed, url, "acme")).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "webhook_not_allowed" },
    });
  });
});

describe("posting", () => {
  const seen: { readonly headers: Headers; readonly body: string; readonly path: string }[] = [];
  let retryAfter = "7";
  const application = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      seen.push({
        headers: request.headers,
        body: await request.text(),
        path: new URL(request.url).pathname,
      });
      const headers = { location: "/elsewhere", "retry-after": retryAfter };
      return new Response("x".repeat(1_000_000), { status: 302, headers });
    },
  });
  afterAll(() => application.stop(true));
  const clock = new FakeClock();
  const lookups: string[] = [];
  const leadingTo =
    (...addresses: readonly string[]): LookupFunction =>
    (host, options, callback) => {
      lookups.push(host);
      const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
      if (options.all) callback(null, found);
      else callback(null, found[0]?.address ?? "", found[0]?.family);
    };
  const message = (change: Partial<Post> = {}): Post => ({
    url: new URL(`http://hooks.example.test:${application.port}/hook`),
    body: '{"ü":1}',
    headers: { "webhook-id": "m1" },
    allowPrivate: false,
    ...change,
  });

  test("tells what was answered and follows nothing", async () => {
    const outcome = await post(message({ allowPrivate: true }), { clock, lookup: leadingTo("127.0.0.1") });
    expect(outcome).toEqual({ type: "answered", status: 302, retryAfterMs: 7000 });
    expect(seen.map(({ path, body }) => [path, body])).toEqual([["/hook", '{"ü":1}']]);
    expect(seen[0]?.headers.get("webhook-id")).toBe("m1");
    expect(seen[0]?.headers.get("host")).toBe(`hooks.example.test:${application.port}`);
    expect(clock.pending).toBe(0);
  });

  test("a date to come back at is by the machine's clock", async () => {
    const ahead = new FakeClock();
    ahead.aheadMs = 3_600_000;
    retryAfter = new Date(ahead.wall() + 120_000).toUTCString();
    const ports = { clock: ahead, lookup: leadingTo("127.0.0.1") };
    expect(await post(message({ allowPrivate: true }), ports)).toMatchObject({ retryAfterMs: 120_000 });
  });

  test.each(["127.0.0.1", "8.8.8.8 10.0.0.1", "::1", "169.254.169.254"])(
    "a name that leads to %s is not called",
    async (addresses) => {
      const before = seen.length;
      const outcome = await post(message(), { clock, lookup: leadingTo(...addresses.split(" ")) });
      expect(outcome).toMatchObject({ type: "failed", error: expect.stringContaining("private network") });
      expect(seen.length).toBe(before);
    },
  );

  test("an address that is private is not called either", async () => {
    const url = new URL(`http://127.0.0.1:${application.port}/`);
    const outcome = await post(message({ url }), { clock });
    expect(outcome).toMatchObject({ type: "failed", error: expect.stringContaining("private network") });
  });

  test("an application that is not there has a code, and one that is silent ten seconds", async () => {
    const gone = new URL("http://127.0.0.1:1/");
    expect(await post(message({ url: gone, allowPrivate: true }), { clock })).toMatchObject({
      type: "failed",
    });
    const silent = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Promise<Response>(() => {}),
    });
    const pending = post(message({ url: new URL(`http://127.0.0.1:${silent.port}/`), allowPrivate: true }), {
      clock,
    });
    await clock.advance(10_000);
    expect(await pending).toEqual({ type: "failed", error: "no answer within 10 s" });
    await silent.stop(true);
  });
});

test("the signature is that of Standard Webhooks", () => {
  // The specification's own example.
  const secret = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const headers = signedHeaders(
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    '{"test": 2432232314}',
    secret,
    1_614_265_330_999,
  );
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
  const plain = signedHeaders("m", "{}", new Secret("plain"), 1000)["webhook-signature"];
  expect(plain).toBe(`v1,${createHmac("sha256", "plain").update("m.1.{}").digest("base64")}`);
});
