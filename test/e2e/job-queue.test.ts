/** Where jobs wait, as an operator chooses it: what is said of it at the start and by `/admin/health`. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, eventually, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

let server: FauxqsServer;
const running: RunningGateway[] = [];

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false, defaultRegion: "eu-west-1" });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()));
});
afterAll(() => server.stop());

async function start(args: readonly string[], change: Readonly<Record<string, string>> = {}) {
  const env = {
    AWS_ENDPOINT_URL_SQS: server.address,
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "secret-word",
    POINTSMAN_QUEUE: "",
    ...change,
  };
  const gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT, env, args });
  running.push(gateway);
  return gateway;
}

const queueOf = async (gateway: RunningGateway) =>
  ((await admin(gateway, "/admin/health")) as { queue: unknown }).queue;

test("the embedded queue, where nothing else is said", async () => {
  const gateway = await start([]);
  expect(await queueOf(gateway)).toEqual({
    depth: { ready: 0, delayed: 0, inHand: 0, dead: 0 },
    problem: null,
  });
});

test("a queue in SQS, by option and by variable", async () => {
  const main = server.createQueue("e2e-jobs", { region: "eu-west-1" });
  const dead = server.createQueue("e2e-dead", { region: "eu-west-1" });
  const address = `sqs:${main.queueUrl},dead=${dead.queueUrl}`;
  for (const gateway of [await start(["--queue", address]), await start([], { POINTSMAN_QUEUE: address })]) {
    await eventually(async () => gateway.errors().includes("job_queue_ready"));
    expect(await queueOf(gateway)).toMatchObject({ depth: { ready: 0, dead: 0 }, problem: null });
    expect(gateway.errors()).toContain(main.queueUrl);
    expect(gateway.errors()).not.toContain("secret-word");
  }
});

test("a queue that is missing delays no start: it is said what to do, and the rest is served", async () => {
  const missing = "https://sqs.eu-west-1.amazonaws.com/123456789012/not-there";
  const gateway = await start(["--queue", `sqs:${missing}`]);
  expect((await chat(gateway, {})).status).toBe(200);
  await eventually(async () => gateway.errors().includes("job_queue_failed"));
  expect(await queueOf(gateway)).toMatchObject({
    depth: null,
    problem: expect.stringContaining(`${missing} does not exist`),
  });
});

test("SQS that is out of reach delays no start either", async () => {
  const gone = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const endpoint = `http://127.0.0.1:${gone.port}`;
  await gone.stop(true);
  const queue = "sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
  const gateway = await start(["--queue", queue], { AWS_ENDPOINT_URL_SQS: endpoint });
  expect((await chat(gateway, {})).status).toBe(200);
  expect(await queueOf(gateway)).toMatchObject({
    depth: null,
    problem: expect.stringContaining("cannot be reached"),
  });
});

test("what is no address stops the start, and is not repeated", async () => {
  const started = start(["--queue", "sqs:https://ops:secret-word@sqs.eu-west-1.amazonaws.com/1/jobs"]);
  const thrown: unknown = await started.then(
    () => "it started",
    (error: unknown) => error,
  );
  expect(String(thrown)).toContain("user or password");
  expect(String(thrown)).not.toContain("secret-word");
});
