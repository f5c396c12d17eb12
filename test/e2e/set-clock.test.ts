/** Gateways on one data directory whose machine's clock was set: they have one time, and so have those that begin later. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd, folderOfFile } from "./end-to-end.ts";
import { admin, command, eventually, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";
import { startPolicyOrigin } from "./policy-origin.ts";

endToEnd();

const HOUR = 3_600_000;

interface JobView {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly created_at: number;
}

async function ask({ url }: RunningGateway, path: string, body?: unknown): Promise<JobView> {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, {
    headers,
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  return (await response.json()) as JobView;
}

test("one that begins after the clock was set back dates and ends jobs as the others do", async () => {
  const first = await startGateway({ policy: testPolicy({}), scenario: INSTANT });
  const { directory, dataDirectory } = first;
  await first.stop();
  const mark = join(dataDirectory, "time.json");
  expect(JSON.parse(readFileSync(mark, "utf8")).now).toBeWithin(Date.now() - 60_000, Date.now() + 1);
  // What the last one had, before the clock was set back by an hour.
  writeFileSync(mark, JSON.stringify({ now: Date.now() + HOUR, wall: Date.now() + HOUR }));
  const older = await startGateway({ policy: null, directory, scenario: INSTANT });
  const newer = await startGateway({ policy: null, directory, scenario: INSTANT });
  for (const gateway of [older, newer]) {
    const messages = [{ role: "user", content: "Hello" }];
    const { id, created_at } = await ask(gateway, "/v1/jobs", {
      endpoint: "/v1/chat/completions",
      deadline_seconds: 600,
      body: { model: "support-chat", messages },
    });
    expect(created_at * 1_000).toBeWithin(Date.now() + HOUR - 60_000, Date.now() + HOUR + 60_000);
    await eventually(async () => (await ask(gateway, `/v1/jobs/${id}`)).status === "succeeded");
    expect((await ask(gateway, `/v1/jobs/${id}`)).attempts).toBe(1);
  }
  // This machine's clock is an hour behind what the records are dated by.
  await eventually(async () => {
    const { stdout } = await command(newer, "decisions", "export", "--since", "10m");
    return stdout.trim().split("\n").length === 2;
  });
  await Promise.all([older.stop(), newer.stop()]);
});

test("one that still waits for its policy has told its time: who begins meanwhile goes on with it", async () => {
  const origin = startPolicyOrigin();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  origin.fail(() => held.then(() => new Response(testPolicy({}))));
  const directory = folderOfFile();
  const mark = join(directory, "data", "time.json");
  mkdirSync(join(directory, "data"));
  // Of one that ended a minute ago, an hour ahead of the clock as that is now.
  writeFileSync(mark, JSON.stringify({ now: Date.now() + HOUR, wall: Date.now() - 60_000 }));
  const start = () =>
    startGateway({ policy: null, directory, scenario: INSTANT, args: ["--policy", origin.url] });
  const first = start();
  await eventually(async () => origin.asked.length > 0);
  await eventually(async () => JSON.parse(readFileSync(mark, "utf8")).wall > Date.now() - 5_000);
  const second = start();
  await eventually(async () => origin.asked.length > 1);
  release();
  const gateways = await Promise.all([first, second]);
  const times = await Promise.all(
    gateways.map((one) => admin(one, "/admin/health") as Promise<{ at: number }>),
  );
  const [a = 0, b = 0] = times.map(({ at }) => at);
  expect(Math.abs(a - b)).toBeLessThan(500);
  await Promise.all(gateways.map((one) => one.stop()));
  await origin.stop();
});
