/** Degraded modes from the outside: what answers when every model fails. The simulator is the models. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";
import {
  admin,
  chat,
  clearFaults,
  decisionOf,
  eventually,
  inject,
  KEY,
  pointsman,
  type RunningGateway,
  readStream,
  startGateway,
} from "./harness.ts";
import {
  ask,
  bodyOf,
  DOWN,
  INSTANT,
  lastRungPolicy,
  OTHER_KEY,
  textOf,
  WEBHOOK_SECRET,
} from "./last-rung-policy.ts";

const directory = endToEnd().folder();

/** What the application is told of answered tickets. */
const told: { readonly signature: string; readonly body: string }[] = [];
const application = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    told.push({
      signature: request.headers.get("x-pointsman-signature") ?? "",
      body: await request.text(),
    });
    return new Response("");
  },
});

let gateway: RunningGateway;

function start(): Promise<RunningGateway> {
  return startGateway({
    policy: lastRungPolicy({ application: application.port ?? 0 }),
    scenario: INSTANT,
    env: { [WEBHOOK_SECRET.name]: WEBHOOK_SECRET.value },
    directory,
  });
}

beforeAll(async () => {
  mkdirSync(join(directory, "faq", "orders"), { recursive: true });
  writeFileSync(
    join(directory, "faq", "orders", "returns.md"),
    "# Returns\n\nParcels can be returned within thirty days with the label in the box.\n\n# Other\n\nNothing else.\n",
  );
  writeFileSync(join(directory, "faq", "payment.txt"), "We take cards and invoices from all countries.\n");
  gateway = await start();
}, 30_000);

afterEach(() => clearFaults(gateway));
afterAll(() => application.stop(true));

describe("degraded modes, in the policy's order", () => {
  test("a stale answer, also after a restart, and the next mode where there is none", async () => {
    const said = await textOf(await ask(gateway, "stale-chat", "Who wrote Faust?"));
    await inject(gateway, DOWN);
    const stale = await ask(gateway, "stale-chat", "Who wrote Faust?");
    expect(stale.status).toBe(203);
    expect(stale.headers.get("x-pointsman-degraded")).toBe("cached");
    expect(stale.headers.get("x-pointsman-cache")).toBe("stale");
    expect(stale.headers.get("x-pointsman-model")).toBe("atlas");
    const body = await bodyOf(stale);
    expect(body.choices[0]?.message.content).toBe(said);
    expect(body.pointsman).toMatchObject({ degraded: "cached", cache: "stale", simulated: true });
    expect(await decisionOf(gateway, stale)).toMatchObject({
      outcome: "degraded",
      degraded: "cached",
      cache: "stale",
      fault: { kind: "exhausted" },
    });
    for (const question of ["Who wrote Emma?", "Who wrote Faust?"]) {
      const refused = await ask(gateway, "stale-chat", question, {}, { "cache-control": "no-cache" });
      expect([refused.status, refused.headers.get("x-pointsman-degraded")]).toEqual([503, "busy"]);
      await refused.text();
    }
    await gateway.stop();
    gateway = await start();
    await inject(gateway, DOWN);
    const after = await eventually(async () => {
      const response = await ask(gateway, "stale-chat", "Who wrote Faust?");
      return response.headers.get("x-pointsman-degraded") === "cached" ? response : null;
    });
    expect(await textOf(after)).toBe(said);
    await eventually(async () => {
      const response = await ask(gateway, "stale-chat", "Who wrote Faust?");
      await response.text();
      return Number(response.headers.get("age")) >= 2 ? true : null;
    });
    for (const [maxAge, mode] of [
      [1, "busy"],
      [86_400, "cached"],
    ]) {
      const wish = { "cache-control": `max-age=${maxAge}` };
      const response = await ask(gateway, "stale-chat", "Who wrote Faust?", {}, wish);
      await response.text();
      expect(response.headers.get("x-pointsman-degraded")).toBe(String(mode));
    }
  }, 30_000);

  test.each<[string, string, number, string, string]>([
    ["rules by words", "What are your OPENING HOURS?", 200, "rules", "We are open from 9 to 5, demo."],
    ["rules by pattern", "I want my money back!", 202, "rules", "Refunds take 1 seconds."],
    ["retrieval", "How can I return parcels?", 200, "retrieval", "From our help pages:\n\n> Parcels can be"],
    ["nothing but busy", "Sing a song", 503, "busy", "Come back in 7 s."],
  ])("%s", async (_what, question, status, mode, words) => {
    await inject(gateway, DOWN);
    const look = async () => {
      const response = await ask(gateway, "ladder-chat", question);
      return response.headers.get("x-pointsman-degraded") === mode ? response : null;
    };
    // The folder is read in the background.
    const response = await eventually(look);
    expect(response.status).toBe(status);
    expect(response.headers.get("x-pointsman-rung")).toBe("degraded");
    expect(response.headers.get("retry-after")).toBe(mode === "busy" ? "7" : null);
    const body = await bodyOf(response);
    // Under the status of an error the words are its message.
    const said = status < 400 ? body.choices[0]?.message.content : body.error?.message;
    expect(said).toStartWith(words);
    expect(body.pointsman).toMatchObject({ degraded: mode, use_case: "ladder-chat" });
    if (mode === "retrieval") {
      expect(body.choices[0]?.message.content).toContain("(orders/returns.md, Returns)");
      expect(body.pointsman?.sources).toEqual(["orders/returns.md"]);
    }
    expect((await decisionOf(gateway, response)).degraded).toBe(mode as "rules");
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain(`pointsman_degraded_total{use_case="ladder-chat",mode="${mode}"}`);
  });

  test("none of them stands in for vectors: of chat models they are the caller's mistake", async () => {
    const response = await fetch(`${gateway.url}/v1/embeddings`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "ladder-chat", input: "a" }),
    });
    expect([response.status, response.headers.get("retry-after")]).toEqual([400, null]);
    expect(await response.json()).toMatchObject({
      error: { type: "invalid_request_error", code: "no_candidate", param: "model" },
    });
    expect(await decisionOf(gateway, response)).toMatchObject({
      outcome: "failed",
      fault: { kind: "invalid", code: "no_candidate" },
      attempts: [],
      refusals: [{ deployment: "atlas-us", constraint: "capability" }],
    });
  });

  test("none of them stands in for a request that no model of the use case could ever take", async () => {
    const content = [{ type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } }];
    const response = await chat(gateway, { model: "ladder-chat", messages: [{ role: "user", content }] });
    expect([response.status, response.headers.get("retry-after")]).toEqual([400, null]);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("no_candidate");
    expect(error.message).toContain("It needs vision");
  });

  test("a streamed caller gets the words as a stream", async () => {
    await inject(gateway, DOWN);
    const stream = await readStream(await ask(gateway, "ladder-chat", "money back", { stream: true }));
    expect([stream.text, stream.done]).toEqual(["Refunds take 1 seconds.", true]);
  });

  test("a smaller model, restricted, whose call is on record", async () => {
    await inject(gateway, { match: { deployment: "atlas-us" }, ...DOWN });
    const response = await ask(gateway, "brief-chat", "Where is my parcel?");
    expect(response.status).toBe(200);
    expect(response.headers.get("x-pointsman-degraded")).toBe("summarize_only");
    expect(response.headers.get("x-pointsman-model")).toBe("pebble");
    expect(Number(response.headers.get("x-pointsman-cost-usd"))).toBeGreaterThan(0);
    const body = await bodyOf(response);
    expect(body.choices[0]?.message.content).toStartWith("In short:\n\n");
    expect(body.pointsman).toMatchObject({ degraded: "summarize_only", simulated: true });
    const { attempts, model } = await decisionOf(gateway, response);
    expect(model).toBe("pebble");
    expect(attempts.at(-1)).toMatchObject({
      deployment: "pebble-us",
      result: "ok",
      purpose: "summarize_only",
    });
  });

  test("and when that one fails as well, the next mode", async () => {
    await inject(gateway, DOWN);
    const response = await ask(gateway, "brief-chat", "Where is my parcel?");
    expect(response.headers.get("x-pointsman-degraded")).toBe("busy");
    await response.text();
    const { attempts } = await decisionOf(gateway, response);
    expect(attempts.at(-1)).toMatchObject({ result: "fault", purpose: "summarize_only" });
  });
});

describe("a person", () => {
  const env = () => ({
    POINTSMAN_URL: gateway.url,
    POINTSMAN_API_KEY: KEY,
  });
  const tickets = (...args: string[]) => pointsman(["tickets", ...args], { env: env() });

  test("gets a ticket, claims it, answers it, and the application is told", async () => {
    await inject(gateway, DOWN);
    const response = await ask(gateway, "desk-chat", "My parcel is\nlost.");
    expect(response.headers.get("x-pointsman-degraded")).toBe("human");
    const body = await bodyOf(response);
    const id = String(body.pointsman?.ticket);
    expect(body.choices[0]?.message.content).toBe(`A person will look at it: ${id}.`);
    expect(await decisionOf(gateway, response)).toMatchObject({ degraded: "human", ticket: id });

    const listed = await tickets("list", "--status", "open", "--json");
    expect(listed.code).toBe(0);
    expect(JSON.parse(listed.stdout).tickets).toMatchObject([{ id, queue: "desk", tenant: "demo" }]);
    expect(listed.stdout).not.toContain("lost");
    expect((await tickets("show", id)).stdout).toContain("The user wrote:\n  My parcel is\n  lost.");
    expect((await tickets("claim", id, "--lease", "5m")).stdout).toContain("claimed by demo until");
    const answered = await tickets("answer", id, "We send another one.");
    expect(answered).toMatchObject({ code: 0, stderr: "" });
    expect((await tickets("answer", id, "Again.")).code).toBe(1);

    const [notice] = await eventually(async () => (told.length > 0 ? told : null));
    const { signature = "", body: text = "" } = notice ?? {};
    const seconds = /^t=(\d+),/.exec(signature)?.[1];
    const digest = createHmac("sha256", WEBHOOK_SECRET.value).update(`${seconds}.${text}`).digest("hex");
    expect(signature).toBe(`t=${seconds},v1=${digest}`);
    expect(JSON.parse(text)).toMatchObject({ type: "ticket.answered", id, answer: "We send another one." });
    await eventually(async () => {
      const found = (await admin(gateway, `/admin/tickets/${id}`)) as { delivery: string };
      return found.delivery === "delivered";
    });
  }, 30_000);

  test("a full queue passes on, and closing makes room", async () => {
    await inject(gateway, DOWN);
    const modes: (string | null)[] = [];
    for (const n of [1, 2, 3]) {
      const response = await ask(gateway, "desk-chat", `Question ${n}`);
      modes.push(response.headers.get("x-pointsman-degraded"));
      await response.text();
    }
    expect(modes).toEqual(["human", "human", "busy"]);
    const open = JSON.parse((await tickets("list", "--status", "open", "--json")).stdout).tickets;
    expect((await tickets("close", open[0].id)).code).toBe(0);
    const again = await ask(gateway, "desk-chat", "Question 4");
    expect(again.headers.get("x-pointsman-degraded")).toBe("human");
    await again.text();
  }, 30_000);

  test("is not a caller: the paths need a role", async () => {
    const response = await fetch(`${gateway.url}/admin/tickets`, {
      headers: { authorization: `Bearer ${OTHER_KEY}` },
    });
    expect(response.status).toBe(403);
    await response.text();
  });
});
