import { expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import { createIds } from "../core/ids.ts";
import { createWaitingRoom } from "./front-door.ts";

const ids = createIds(new FakeClock(), () => 0.5);
const ask = (path: string, init?: RequestInit) => new Request(`http://gateway${path}`, init);

test("before there is an application it lives and is not ready, and everything else waits for it", async () => {
  const { app, admit } = createWaitingRoom(ids);
  const live = await app(ask("/healthz"));
  expect([live.status, await live.json()]).toEqual([200, { status: "ok" }]);
  const ready = await app(ask("/readyz?verbose=1"));
  expect([ready.status, await ready.json()]).toEqual([503, { status: "starting" }]);
  expect(ready.headers.get("x-request-id")).toStartWith("req_");
  const waiting = ["/v1/chat/completions", "/readyz"].map((path) => app(ask(path, { method: "POST" })));
  admit(async ({ url }) => new Response(`served ${new URL(url).pathname}`));
  const served = await Promise.all(waiting.map(async (answer) => (await answer).text()));
  expect(served).toEqual(["served /v1/chat/completions", "served /readyz"]);
});

test("not more wait than it can take: the others are to ask again", async () => {
  const { app, admit } = createWaitingRoom(ids);
  const waiting = Array.from({ length: 1000 }, () => app(ask("/v1/models")));
  const refused = await app(ask("/v1/models"));
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refused.json()).toMatchObject({ error: { code: "starting" } });
  admit(async () => new Response("served"));
  expect((await Promise.all(waiting)).every(({ ok }) => ok)).toBe(true);
});

test("those who have gone keep nobody out, and are not served", async () => {
  const { app, admit } = createWaitingRoom(ids);
  const gone = new AbortController();
  const { signal } = gone;
  const left = Array.from({ length: 1000 }, () => app(ask("/v1/models", { signal })));
  gone.abort();
  await Promise.all(left);
  const next = app(ask("/v1/models"));
  let served = 0;
  admit(async () => {
    served++;
    return new Response("served");
  });
  expect([(await next).status, served]).toEqual([200, 1]);
});
