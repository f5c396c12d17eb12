/** A provider's secret in a file that is replaced while the gateway serves, as a mounted one is when it rotates. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd, folderOfFile } from "./end-to-end.ts";
import { admin, chat, decisionOf, eventually, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, PROVIDER_SECRET, testPolicy, withUpstream } from "./policies.ts";
import { type RecordingUpstream, startUpstream } from "./recording-upstream.ts";

endToEnd();

const OLD = "sk-e2e-old-secret-5f1c77aa";
const NEW = "sk-e2e-new-secret-91ee00d4";
const QUOTED = `Incorrect API key provided, neither ${OLD} nor ${NEW} will do.`;

let upstream: RecordingUpstream;
let gateway: RunningGateway;
let file: string;

beforeAll(async () => {
  file = join(folderOfFile(), "provider-key");
  writeFileSync(file, `${OLD}\n`);
  upstream = startUpstream();
  gateway = await startGateway({
    policy: withUpstream(testPolicy(), upstream.baseUrl).replace(
      `{ env: ${PROVIDER_SECRET.name} }`,
      `{ file: "${file}" }`,
    ),
    scenario: INSTANT,
  });
});
afterAll(() => upstream.stop());

const ask = () => chat(gateway, { model: "recorded-chat" });
const sentLast = () => upstream.calls.at(-1)?.headers.authorization;

test("the one in the file is sent soon after the other was refused, and neither is told of", async () => {
  const { version } = (await admin(gateway, "/admin/policy")) as { version: string };
  const first = await ask();
  expect(first.status).toBe(200);
  await first.text();
  expect(sentLast()).toBe(`Bearer ${OLD}`);
  writeFileSync(`${file}.next`, NEW);
  renameSync(`${file}.next`, file);
  upstream.behave({
    answer: ({ headers }) =>
      headers.authorization === `Bearer ${NEW}`
        ? Response.json({ error: { message: QUOTED } }, { status: 403 })
        : Response.json({ error: { message: QUOTED } }, { status: 401 }),
  });
  const told: string[] = [];
  const replaced = await eventually(async () => {
    const response = await ask();
    expect(response.status).toBe(502);
    told.push(await response.text(), JSON.stringify(await decisionOf(gateway, response)));
    return sentLast() === `Bearer ${NEW}`;
  });
  expect(replaced).toBe(true);
  upstream.behave({});
  const last = await ask();
  expect(last.status).toBe(200);
  await last.text();
  expect(sentLast()).toBe(`Bearer ${NEW}`);
  expect(await admin(gateway, "/admin/policy")).toMatchObject({ version });
  const all = [...told, gateway.errors()].join("\n");
  expect(all).toContain("Incorrect API key provided");
  expect(all).not.toContain(OLD);
  expect(all).not.toContain(NEW);
});
