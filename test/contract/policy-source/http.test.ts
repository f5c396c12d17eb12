/** HTTPS and the AppConfig agent under the contract of sources, and what only HTTP does. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appConfigAgentSource } from "../../../src/control/policy/sources/appconfig-agent.ts";
import { httpsSource } from "../../../src/control/policy/sources/https.ts";
import { MAX_DOCUMENT_BYTES } from "../../../src/control/policy/sources/source.ts";
import { type HttpPlaceServer, overHttp, startHttpPlace, type Validators } from "./http-place.ts";
import { ENVIRONMENT } from "./place.ts";
import { sourceContract } from "./source-contract.ts";

const wall = () => Date.UTC(2026, 0, 1);

for (const validators of ["etag", "last-modified", "none"] satisfies Validators[]) {
  sourceContract(`a URL with ${validators}`, "https", async () => {
    const server = startHttpPlace(validators);
    const url = new URL("/team/policy.yaml?signature=s3cret", server.origin);
    return {
      ...overHttp(server, "/team/policy.yaml", "/team/policy.prod.yaml"),
      open: () => httpsSource({ url, environment: ENVIRONMENT, token: null, wall }),
      files: [`${server.origin}team/policy.yaml`, `${server.origin}team/policy.prod.yaml`],
    };
  });
}

sourceContract("the AppConfig agent", "appconfig-agent", async () => {
  const server = startHttpPlace("none", () => ({ "configuration-version": "7" }));
  const path = (profile: string) => `/applications/my%20app/environments/live/configurations/${profile}`;
  const place = { application: "my app", environment: "live", profile: "policy" };
  return {
    ...overHttp(server, path("policy"), path("policy.prod")),
    open: () => appConfigAgentSource({ ...place, overlay: ENVIRONMENT, agent: server.origin, wall }),
    files: ["appconfig-agent:my app/live/policy", "appconfig-agent:my app/live/policy.prod"],
  };
});

describe("only over HTTP", () => {
  let server: HttpPlaceServer;
  const signal = new AbortController().signal;
  beforeAll(() => {
    server = startHttpPlace("etag");
  });
  afterAll(() => server.stop());
  const open = (token: string | null = null) =>
    httpsSource({ url: new URL("/p.yaml", server.origin), environment: null, token, wall });

  test("the second question states the ETag and is answered with nothing", async () => {
    server.put("/p.yaml", "version: 1\n");
    const source = open("t0ken");
    const first = await source.fetch(signal);
    if (first.result !== "texts") throw new Error("no texts");
    expect(first.revision).toMatch(/^".+"$/);
    expect(await source.fetch(signal)).toEqual({ result: "unchanged" });
    const [one, two] = server.asked.slice(-2);
    expect(one?.headers.get("authorization")).toBe("Bearer t0ken");
    expect(one?.headers.get("if-none-match")).toBeNull();
    expect(two?.headers.get("if-none-match")).toBe(first.revision);
  });

  test("a redirect is not followed: the token and the say over the policy stay here", async () => {
    const elsewhere = startHttpPlace("none");
    elsewhere.put("/p.yaml", "version: 1\n");
    server.answer(() => Response.redirect(`${elsewhere.origin}p.yaml`, 302));
    const fetched = await open("t0ken").fetch(signal);
    server.answer(null);
    expect(fetched).toMatchObject({ result: "failed", problem: expect.stringContaining("redirect") });
    expect(elsewhere.asked).toEqual([]);
    await elsewhere.stop();
  });

  test.each([
    [401, "refused access"],
    [403, "refused access"],
    [500, "status 500"],
  ])("%p is told as %p", async (status, words) => {
    server.answer(() => new Response("secret", { status }));
    const fetched = await open().fetch(signal);
    server.answer(null);
    expect(fetched).toMatchObject({ result: "failed", problem: expect.stringContaining(words) });
  });

  test("a server that asks for patience is given it", async () => {
    server.answer(() => new Response("", { status: 503, headers: { "retry-after": "120" } }));
    const fetched = await open().fetch(signal);
    server.answer(null);
    expect(fetched).toMatchObject({ result: "failed", retryAfterMs: 120_000 });
  });

  test("a document without an end is read to 10 MiB and no further", async () => {
    let sent = 0;
    server.answer(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              sent += 1024 * 1024;
              controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
            },
          }),
        ),
    );
    const fetched = await open().fetch(signal);
    server.answer(null);
    expect(fetched).toMatchObject({ result: "failed", problem: expect.stringContaining("10 MiB") });
    expect(sent).toBeLessThan(4 * MAX_DOCUMENT_BYTES);
  });

  test("nobody listens: the code is told", async () => {
    const gone = startHttpPlace("none");
    await gone.stop();
    const source = httpsSource({ url: gone.origin, environment: null, token: null, wall });
    expect(await source.fetch(signal)).toMatchObject({
      result: "failed",
      problem: expect.stringContaining("cannot be reached"),
    });
  });

  test("the query, which may be a signature, is in no name", () => {
    const url = new URL("/p.yaml?X-Amz-Signature=abc", server.origin);
    expect(httpsSource({ url, environment: null, token: null, wall }).address).not.toContain("abc");
  });
});
