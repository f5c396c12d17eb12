/** What the SQS queue says and keeps when SQS refuses, throttles, takes a part, hangs or is gone. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { seededRandom } from "../../../src/core/clock.ts";
import type { Delivery, JobQueue } from "../../../src/store/job-queue.ts";
import { createSqsQueue, type SqsQueueOptions } from "../../../src/store/sqs/sqs-queue.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { drained, message } from "./queue-contract.ts";
import { type SqsProxy, sqsError, startSqsProxy } from "./sqs-proxy.ts";
import { type SqsServer, startSqsServer } from "./sqs-server.ts";

const VISIBILITY_MS = 30_000;
let server: SqsServer;
let proxy: SqsProxy;
let main: ReturnType<SqsServer["create"]>;
let dead: ReturnType<SqsServer["create"]>;
let queue: JobQueue;
const opened: JobQueue[] = [];

beforeAll(async () => {
  server = await startSqsServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  proxy = startSqsProxy(server.endpoint);
  [main, dead] = [server.create(), server.create()];
  queue = open();
});
afterEach(async () => {
  proxy.instead = null;
  for (const each of opened.splice(0)) await each.close();
  await proxy.stop();
});

function open(change: Partial<SqsQueueOptions> = {}): JobQueue {
  const made = createSqsQueue({
    url: main.url,
    deadUrl: dead.url,
    endpoint: proxy.url,
    clock: server.clock,
    random: seededRandom(1),
    waitSeconds: 0,
    ...change,
  });
  opened.push(made);
  return made;
}

async function failure(promise: Promise<unknown>): Promise<StoreError> {
  const thrown = await promise.then(
    () => "it succeeded",
    (error: unknown) => error,
  );
  if (!(thrown instanceof StoreError)) throw new Error(`expected a StoreError, got ${String(thrown)}`);
  expect(thrown.message).not.toContain("secret-word");
  return thrown;
}

async function received(): Promise<Delivery> {
  const [delivery] = await queue.receive(1, VISIBILITY_MS);
  if (!delivery) throw new Error("Nothing was received.");
  return delivery;
}

/** Time goes on in steps until the work is over: what waits for the clock must not wait for the test. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
  let over = false;
  const settled = work.finally(() => {
    over = true;
  });
  settled.catch(() => {});
  while (!over) {
    await server.pass(100);
    await Bun.sleep(1);
  }
  return settled;
}

/** As if these entries of the batch were refused for now. */
function refuseEntries(ids: readonly string[], times: number): void {
  let left = times;
  proxy.instead = (operation, body, passOn) => {
    if (operation !== "SendMessageBatch" || left-- <= 0) return null;
    const batch = body as { Entries: { Id: string }[] };
    const taken = batch.Entries.filter(({ Id }) => !ids.includes(Id));
    const failed = ids.map((Id) => ({
      Id,
      SenderFault: false,
      Code: "InternalError",
      Message: "secret-word",
    }));
    if (taken.length === 0) return Promise.resolve(Response.json({ Successful: [], Failed: failed }));
    const asTaken = fetch(server.endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "AmazonSQS.SendMessageBatch",
        authorization: "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-west-1/sqs/aws4_request",
      },
      body: JSON.stringify({ ...batch, Entries: taken }),
    });
    void passOn;
    return asTaken.then(async (answer) => {
      const { Successful } = (await answer.json()) as { Successful: unknown[] };
      return Response.json({ Successful, Failed: failed });
    });
  };
}

describe("sending", () => {
  test("a part that SQS did not take is sent again, and nothing else", async () => {
    refuseEntries(["1", "3"], 1);
    await whileTimePasses(queue.send([0, 1, 2, 3, 4].map((n) => message(n))));
    expect(proxy.asked).toEqual(["SendMessageBatch", "SendMessageBatch"]);
    expect((await drained(queue)).map(({ id }) => id).sort()).toEqual(
      [0, 1, 2, 3, 4].map((n) => message(n).id),
    );
  });

  test("a part that SQS never takes is said, with how much it is", async () => {
    refuseEntries(["0"], 100);
    const error = await failure(whileTimePasses(queue.send([message(1), message(2)])));
    expect([error.kind, error.message]).toEqual([
      "unavailable",
      expect.stringContaining("did not take 1 of 2"),
    ]);
    expect(error.message).toContain(main.url);
    // The other was sent: at least once.
    proxy.instead = null;
    expect((await drained(queue)).map(({ id }) => id)).toEqual([message(2).id]);
  });

  test("an answer that names neither is no acknowledgement", async () => {
    proxy.instead = (operation) =>
      operation === "SendMessageBatch" ? Promise.resolve(Response.json({})) : null;
    const error = await failure(whileTimePasses(queue.send([message(1)])));
    expect(error.kind).toBe("unavailable");
  });

  test("a queue that takes less than a message says so", async () => {
    const small = server.create({ MaximumMessageSize: "2048" });
    const driver = open({ url: small.url });
    const error = await failure(driver.send([message(1, { body: `"${"x".repeat(4_000)}"` })]));
    expect([error.kind, error.message]).toEqual(["too_large", expect.stringContaining("MaximumMessageSize")]);
    await driver.depth();
    expect(driver.maxBodyBytes).toBe(1024);
  });

  test("what grows too large on its way is refused before it is sent", async () => {
    const body = JSON.stringify("🚂".repeat(200_000));
    expect(Buffer.byteLength(body)).toBeLessThan(queue.maxBodyBytes);
    expect((await failure(queue.send([message(1, { body })]))).kind).toBe("too_large");
    expect(proxy.asked).toEqual([]);
  });
});

describe("what SQS refuses", () => {
  test("a queue that is not there: which, and what to do", async () => {
    const missing = "https://sqs.eu-west-1.amazonaws.com/000000000000/not-there";
    const driver = open({ url: missing });
    const questions = [
      () => driver.send([message(1)]),
      () => driver.receive(1, VISIBILITY_MS),
      () => driver.depth(),
    ];
    for (const ask of questions) {
      const error = await failure(ask());
      expect(error.kind).toBe("refused");
      expect(error.message).toContain(`${missing} does not exist`);
      expect(error.message).toContain("docs/queues.md");
    }
  });

  test.each([
    ["AccessDeniedException", 400, "Allow sqs:SendMessage on it"],
    ["AccessDenied", 403, "Allow sqs:SendMessage on it"],
    ["InvalidClientTokenId", 403, "without valid AWS credentials"],
    ["ExpiredToken", 403, "without valid AWS credentials"],
    ["KmsAccessDenied", 400, "kms:Decrypt"],
  ])("%s", async (type, status, says) => {
    proxy.instead = async () => sqsError(status, type);
    const error = await failure(queue.send([message(1)]));
    expect([error.kind, error.message]).toEqual(["refused", expect.stringContaining(says)]);
  });

  test("a queue without dead letters: how to name them", async () => {
    const driver = open({ deadUrl: null });
    await driver.send([message(1)]);
    const [delivery] = await driver.receive(1, VISIBILITY_MS);
    if (!delivery) throw new Error("Nothing was received.");
    const error = await failure(driver.bury(delivery, "x"));
    expect([error.kind, error.message]).toEqual(["refused", expect.stringContaining("dead=URL")]);
    // It is still in hand.
    expect(await driver.acknowledge(delivery.receipt)).toBe(true);
  });
});

test("the dead-letter queue of the redrive policy is found, and what SQS moved there by itself is a letter", async () => {
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
  const redriving = server.create({ RedrivePolicy });
  const driver = open({ url: redriving.url, deadUrl: null });
  await driver.send([message(1)]);
  await driver.receive(1, 1_000);
  await server.pass(10_000);
  expect(await driver.receive(1, 1_000)).toEqual([]);
  const { letters } = await driver.dead(5);
  const { id, group, body } = message(1);
  expect(letters).toMatchObject([{ id, group, body, reason: null }]);
  expect(await driver.replay([id])).toEqual([id]);
  expect((await driver.receive(1, 1_000))[0]).toMatchObject({ id, attempts: 1 });
});

describe("slow, throttling and dead", () => {
  test.each([
    ["ThrottlingException", 400],
    ["RequestThrottled", 400],
    ["OverLimit", 403],
    ["ServiceUnavailable", 503],
    ["InternalFailure", 500],
  ])("%s is tried again, then said", async (type, status) => {
    await queue.send([message(1)]);
    let failures = 1;
    proxy.instead = (operation) =>
      operation === "ReceiveMessage" && failures-- > 0 ? Promise.resolve(sqsError(status, type)) : null;
    if (type !== "OverLimit") expect((await received()).id).toBe(message(1).id);
    failures = 100;
    const error = await failure(queue.receive(1, VISIBILITY_MS));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toContain(main.url);
  });

  const QUESTIONS: readonly (readonly [string, (held: Delivery) => Promise<unknown>])[] = [
    ["send", () => queue.send([message(2)])],
    ["receive", () => queue.receive(1, VISIBILITY_MS)],
    ["acknowledge", ({ receipt }) => queue.acknowledge(receipt)],
    ["bury", (held) => queue.bury(held, "x")],
    ["depth", () => queue.depth()],
  ];
  test.each(QUESTIONS)("one that does not answer is given up after ten seconds: %s", async (_, ask) => {
    await queue.send([message(1)]);
    const delivery = await received();
    const held: ((answer: Response) => void)[] = [];
    proxy.instead = () => new Promise((resolve) => held.push(resolve));
    const before = server.clock.now();
    const error = await failure(whileTimePasses(ask(delivery)));
    expect([error.kind, error.message]).toEqual(["unavailable", expect.stringContaining("in time")]);
    expect(server.clock.now() - before).toBeGreaterThanOrEqual(10_000);
    await queue.close();
    expect(server.clock.pending).toBe(0);
    for (const answer of held) answer(new Response(null, { status: 500 }));
    expect(server.count(main.name)).toBe(1);
  });

  test("one that is gone cannot be reached", async () => {
    const gone = startSqsProxy(server.endpoint);
    await gone.stop();
    const error = await failure(open({ endpoint: gone.url }).receive(1, VISIBILITY_MS));
    expect([error.kind, error.message]).toEqual([
      "unavailable",
      expect.stringContaining("cannot be reached"),
    ]);
  });

  test("what could not be acknowledged can be acknowledged again, while it is in hand", async () => {
    await queue.send([message(1)]);
    const { receipt } = await received();
    proxy.instead = async () => sqsError(503, "ServiceUnavailable");
    expect((await failure(queue.acknowledge(receipt))).kind).toBe("unavailable");
    proxy.instead = null;
    expect(await queue.acknowledge(receipt)).toBe(true);
    expect(server.count(main.name)).toBe(0);
  });

  test("buried, but SQS would not remove it: doubled, not lost", async () => {
    await queue.send([message(1)]);
    const delivery = await received();
    proxy.instead = (operation) =>
      operation === "DeleteMessage" ? Promise.resolve(sqsError(503, "ServiceUnavailable")) : null;
    expect((await failure(queue.bury(delivery, "x"))).kind).toBe("unavailable");
    expect([server.count(main.name), server.count(dead.name)]).toEqual([1, 1]);
  });

  test("a letter whose replay SQS did not take stays a letter", async () => {
    await queue.send([message(1)]);
    await queue.bury(await received(), "x");
    proxy.instead = (operation) =>
      operation === "SendMessageBatch" ? Promise.resolve(sqsError(503, "ServiceUnavailable")) : null;
    expect((await failure(queue.replay([message(1).id]))).kind).toBe("unavailable");
    proxy.instead = null;
    expect(await queue.replay([message(1).id])).toEqual([message(1).id]);
    expect((await received()).id).toBe(message(1).id);
  });

  test("a delayed message that could not be sent on comes again, and not too early", async () => {
    await queue.send([message(1, { delayMs: 3_600_000 })]);
    await server.pass(900_000);
    proxy.instead = (operation) =>
      operation === "SendMessageBatch" ? Promise.resolve(sqsError(503, "ServiceUnavailable")) : null;
    expect((await failure(queue.receive(1, VISIBILITY_MS))).kind).toBe("unavailable");
    proxy.instead = null;
    for (let passed = 900_000; passed < 3_600_000; passed += 100_000) {
      expect(await queue.receive(1, VISIBILITY_MS)).toEqual([]);
      await server.pass(100_000);
    }
    expect((await received()).id).toBe(message(1).id);
    expect(server.count(main.name)).toBe(1);
  });
});

describe("hands", () => {
  test("nobody holds a message for more than twelve hours", async () => {
    await queue.send([message(1)]);
    const { receipt } = await received();
    let hours = 0;
    for (; await queue.extend(receipt, 3_600_000); hours += 0.5) await server.pass(1_800_000);
    expect(hours).toBeGreaterThanOrEqual(11.5);
    expect(hours).toBeLessThanOrEqual(12.5);
    await server.pass(5_000);
    expect(await received()).toMatchObject({ id: message(1).id, attempts: 2 });
  });

  test("a receipt that SQS says is over is over", async () => {
    await queue.send([message(1), message(2)]);
    const [first, second] = await queue.receive(2, VISIBILITY_MS);
    if (!first || !second) throw new Error("Two were to be received.");
    const over = "Value x for parameter ReceiptHandle is invalid. Reason: Message does not exist.";
    proxy.instead = async (operation) =>
      operation === "DeleteMessage"
        ? sqsError(404, "ReceiptHandleIsInvalid")
        : sqsError(400, "InvalidParameterValue", over);
    expect(await queue.extend(first.receipt, 1_000)).toBe(false);
    expect(await queue.acknowledge(second.receipt)).toBe(false);
  });

  test("what somebody else put into the queue is delivered as it is", async () => {
    const sqs = await import("@aws-sdk/client-sqs");
    const client = new sqs.SQSClient({ endpoint: server.endpoint });
    await client.send(new sqs.SendMessageCommand({ QueueUrl: main.url, MessageBody: "not ours" }));
    client.destroy();
    const delivery = await received();
    expect(delivery).toMatchObject({ group: "", body: "not ours", attempts: 1 });
    expect(await queue.bury(delivery, "nobody knows it")).toBe(true);
    expect(await queue.replay([delivery.id])).toEqual([delivery.id]);
  });

  test("an empty queue is listened to for a second, and a message that comes meanwhile is heard", async () => {
    const listening = open({ waitSeconds: 1 });
    const heard = listening.receive(1, VISIBILITY_MS);
    await Bun.sleep(50);
    await queue.send([message(1)]);
    expect((await heard).map(({ id }) => id)).toEqual([message(1).id]);
  });

  test("close waits for what is under way", async () => {
    const listening = open({ waitSeconds: 1 });
    const heard = listening.receive(1, VISIBILITY_MS);
    await Bun.sleep(20);
    await listening.close();
    expect(await heard).toEqual([]);
  });
});
