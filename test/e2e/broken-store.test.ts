/** A database that cannot be used: what needs it is refused in good form, and everything else is served. */
import { beforeAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectRefusal, rawRequest } from "./by-hand.ts";
import { endToEnd, folderOfFile } from "./end-to-end.ts";
import { chat, eventually, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, testPolicy } from "./policies.ts";

endToEnd();

let gateway: RunningGateway;
beforeAll(async () => {
  const directory = folderOfFile();
  mkdirSync(join(directory, "data"));
  writeFileSync(join(directory, "data", "pointsman.db"), randomBytes(5000));
  gateway = await startGateway({ policy: testPolicy(), scenario: INSTANT, directory });
});

const NEED_THE_STORE = [
  "/v1/files",
  "/v1/batches",
  "/v1/jobs",
  "/admin/decisions",
  "/admin/decisions/dec_x",
  "/admin/policy/history",
  "/admin/policy/versions/v1",
  "/admin/audit",
  "/admin/tickets",
  "/admin/jobs/dead",
];

test.each(NEED_THE_STORE)("%s says that the store cannot be used, and to operators why", async (path) => {
  const response = await rawRequest(gateway, { method: "GET", path });
  expectRefusal(response, 503, "store_corrupt");
  const isOperators = path.startsWith("/admin/");
  expect(response.body.includes("restore a backup")).toBe(isOperators);
  expect(response.body.includes(gateway.dataDirectory)).toBe(isOperators);
  const { request_id: id } = JSON.parse(response.body);
  // The log comes by another pipe than the answer, and may come after it.
  await eventually(async () => gateway.errors().includes(id));
  const lines = gateway.errors().split("\n");
  expect(lines.filter((line) => line.includes(id))).toHaveLength(1);
});

test("the greeting is followed by what is wrong, and how to mend it", async () => {
  const words = await eventually(async () => /^NOTHING IS KEPT until .*$/m.exec(gateway.greeting())?.[0]);
  expect(words).toContain(join(gateway.dataDirectory, "pointsman.db"));
  expect(words).toContain("restore a backup");
  expect(gateway.errors()).toContain('"event":"nothing_is_kept"');
  expect(gateway.errors()).not.toContain('"frames"');
});

test("requests are answered", async () => {
  expect((await chat(gateway, {})).status).toBe(200);
});

test("the log has nothing but JSON, a line each", () => {
  for (const line of gateway.errors().trim().split("\n")) expect(() => JSON.parse(line)).not.toThrow();
});
