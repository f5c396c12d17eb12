/** Gateways on one data directory whose machine's clock was set: they have one time, and so have those that begin later. */
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";
import { command, eventually, KEY, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

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
