import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { FakeClock } from "../../core/fake-clock.ts";
import type { TicketWebhook } from "../../core/plan.ts";
import { Secret } from "../../core/secret.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { Store } from "../../store/ports.ts";
import { answerTicket } from "./answer.ts";
import { claimTicket } from "./claim.ts";
import { closeTicket } from "./close.ts";
import { deliver, MAX_DELIVERIES } from "./deliver.ts";
import { signWebhook } from "./sign-webhook.ts";
import type { TicketPorts } from "./ticket-ports.ts";
import { startTicketRunner, type TicketRunner } from "./ticket-runner.ts";

const SECRET = "whsec_of_the_tests";

interface Received {
  readonly signature: string | null;
  readonly body: string;
}

/** What the application got, and how it answers. */
const received: Received[] = [];
let status = 200;
const application = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    received.push({
      signature: request.headers.get("x-pointsman-signature"),
      body: await request.text(),
    });
    const headers = status === 302 ? { location: "/elsewhere" } : {};
    return new Response("", { status, headers });
  },
});
afterAll(() => application.stop(true));

let clock: FakeClock;
let store: Store;
let webhook: TicketWebhook | null;
let runner: TicketRunner | null;

beforeEach(async () => {
  clock = new FakeClock();
  store = createMemoryStore();
  webhook = { url: `http://127.0.0.1:${application.port}/hook`, secret: new Secret(SECRET) };
  runner = null;
  status = 200;
  received.length = 0;
  await store.tickets.create(
    {
      id: "tkt_1",
      at: clock.now(),
      tenant: "acme",
      useCase: "chat",
      queue: "desk",
      requestId: "req_1",
      decisionId: "dec_1",
      prompt: "What the user wrote",
    },
    10,
  );
});
afterEach(async () => {
  await runner?.stop();
  expect(clock.pending).toBe(0);
});

/** No more of a policy than its webhook. */
function snapshot(): ConfigSnapshot {
  const mode = {
    mode: "human",
    queue: "desk",
    message: "",
    storePrompt: false,
    maxOpen: 1,
    status: 200,
    webhook,
  };
  return { useCases: new Map([["chat", { degraded: [mode] }]]) } as unknown as ConfigSnapshot;
}

const ports = (): TicketPorts => ({
  tickets: store.tickets,
  clock,
  snapshot,
  changed: () => runner?.wake(),
});

/** The runner's own doings take real time: its socket is one. */
async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    await clock.advance(0);
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error("it did not come to pass");
}

const ticket = () => store.tickets.get("tkt_1", clock.now());
const delivery = async () => (await ticket())?.delivery;
const start = () => {
  runner = startTicketRunner({ tickets: store.tickets, clock, snapshot, report: () => {} });
};

describe("changing a ticket", () => {
  test("claim, answer, and no second answer", async () => {
    webhook = null;
    expect(await claimTicket(ports(), "tkt_1", "ann", 1000)).toMatchObject({ ok: true });
    expect(await claimTicket(ports(), "tkt_1", "bob", 1000)).toMatchObject({
      ok: false,
      fault: { kind: "invalid", code: "ticket_not_open" },
    });
    expect(await answerTicket(ports(), "tkt_1", "ann", "Yes.")).toMatchObject({
      ok: true,
      value: { status: "answered", answer: "Yes.", delivery: null },
    });
    expect(await closeTicket(ports(), "tkt_1", "ann")).toMatchObject({ ok: false });
  });

  test("an unknown one is not found", async () => {
    for (const act of [
      claimTicket(ports(), "nope", "ann", 1),
      answerTicket(ports(), "nope", "ann", "x"),
      closeTicket(ports(), "nope", "ann"),
    ]) {
      expect(await act).toMatchObject({ ok: false, fault: { kind: "not_found", code: "unknown_ticket" } });
    }
  });
});

describe("delivering an answer", () => {
  test("it is signed, says what was answered and not what was asked", async () => {
    start();
    await answerTicket(ports(), "tkt_1", "ann", "Yes.");
    await until(async () => (await delivery()) === "delivered");
    const [{ signature, body } = { signature: "", body: "" }] = received;
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature ?? "") ?? [];
    expect(seconds).toBe(String(Math.floor(clock.now() / 1000)));
    expect(hex).toBe(createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex"));
    expect(JSON.parse(body)).toMatchObject({
      type: "ticket.answered",
      id: "tkt_1",
      tenant: "acme",
      use_case: "chat",
      request_id: "req_1",
      answer: "Yes.",
      answered_by: "ann",
    });
    expect(body).not.toContain("What the user wrote");
    expect(received).toHaveLength(1);
  });

  test.each([500, 404, 302])("%d is tried again, later each time, until it is taken", async (refusal) => {
    status = refusal;
    start();
    await answerTicket(ports(), "tkt_1", "ann", "Yes.");
    await until(async () => (await ticket())?.deliveries === 1);
    expect(await delivery()).toBe("due");
    await clock.advance(1999);
    expect(received).toHaveLength(1);
    await clock.advance(1);
    await until(async () => (await ticket())?.deliveries === 2);
    status = 200;
    await clock.advance(3999);
    expect(received).toHaveLength(2);
    await clock.advance(1);
    await until(async () => (await delivery()) === "delivered");
    expect(received).toHaveLength(3);
  });

  test("waits double up to half an hour, and end after a bounded number of tries", async () => {
    status = 503;
    const one = await ticket();
    const secret = new Secret(SECRET);
    if (!one || !webhook) throw new Error("no ticket");
    const outcomeAfter = (deliveries: number) =>
      deliver({ ...one, deliveries }, webhook as TicketWebhook, secret, clock);
    const inMs = async (deliveries: number) => {
      const outcome = await outcomeAfter(deliveries);
      return outcome.type === "again" ? outcome.at - clock.now() : outcome.type;
    };
    expect(await inMs(0)).toBe(2000);
    expect(await inMs(3)).toBe(16_000);
    expect(await inMs(MAX_DELIVERIES - 2)).toBe(30 * 60_000);
    expect(await inMs(MAX_DELIVERIES - 1)).toBe("given_up");
  });

  test("an application that is not there is tried again, and one that says nothing after ten seconds", async () => {
    const one = await ticket();
    const secret = new Secret(SECRET);
    if (!one) throw new Error("no ticket");
    const nobody = { url: "http://127.0.0.1:1/", secret };
    expect(await deliver(one, nobody, secret, clock)).toMatchObject({ type: "again" });
    const silent = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Promise<Response>(() => {}),
    });
    const pending = deliver(one, { url: `http://127.0.0.1:${silent.port}/`, secret }, secret, clock);
    await clock.advance(10_000);
    expect(await pending).toMatchObject({ type: "again" });
    await silent.stop(true);
  });

  test("410 ends it at once", async () => {
    status = 410;
    start();
    await answerTicket(ports(), "tkt_1", "ann", "Yes.");
    await until(async () => (await delivery()) === "given_up");
    expect(received).toHaveLength(1);
  });

  test("a webhook that left the policy meanwhile is not told", async () => {
    await answerTicket(ports(), "tkt_1", "ann", "Yes.");
    webhook = null;
    start();
    await until(async () => (await delivery()) === "given_up");
    expect(received).toHaveLength(0);
  });

  test("without its secret it waits, and goes out once that is there", async () => {
    const armed = webhook;
    webhook = { url: armed?.url ?? "", secret: null };
    start();
    await answerTicket(ports(), "tkt_1", "ann", "Yes.");
    await clock.advance(20_000);
    expect([await delivery(), received.length]).toEqual(["due", 0]);
    webhook = armed;
    await until(async () => {
      await clock.advance(15_000);
      return (await delivery()) === "delivered";
    });
  });

  test("what an earlier process left is delivered at the start", async () => {
    await answerTicket(ports(), "tkt_1", "ann", "Yes.");
    expect(received).toHaveLength(0);
    start();
    await until(async () => (await delivery()) === "delivered");
  });
});

test("a signature covers the time and the body", () => {
  const sign = (body: string, at: number) => signWebhook(body, new Secret("s"), at);
  expect(sign("{}", 1_700_000_000_999)).toStartWith("t=1700000000,v1=");
  expect(sign("{}", 1_700_000_001_000)).not.toBe(sign("{}", 1_700_000_000_000));
  expect(sign("{ }", 1_700_000_000_000)).not.toBe(sign("{}", 1_700_000_000_000));
});
