/** A policy edited while it serves: live within a second, refused when broken, remembered over restarts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../src/policy/finding.ts";
import type { Activation } from "../../src/store/activation-store.ts";
import { endToEnd } from "./end-to-end.ts";
import { admin, chat, eventually, type RunningGateway, startGateway } from "./harness.ts";
import { INSTANT, servedByNimbus, testPolicy } from "./policies.ts";

endToEnd();

const GOOD = testPolicy();
const EDITED = servedByNimbus(GOOD);
/** A model that does not exist. */
const BROKEN = GOOD.replace("elsewhere-chat:", "elsewhere-chat: # broken below").replace(
  "primary: pebble }",
  "primary: peble }",
);
const BROKEN_LINE = BROKEN.split("\n").findIndex((line) => line.includes("peble }")) + 1;
const CLIENTS = 24;

interface PolicyStatus {
  readonly version: string;
  readonly environment: string | null;
  readonly refused: { readonly findings: readonly Finding[] } | null;
}

const statusOf = async (gateway: RunningGateway) => (await admin(gateway, "/admin/policy")) as PolicyStatus;

async function modelOf(gateway: RunningGateway): Promise<string | null> {
  const response = await chat(gateway, {});
  await response.text();
  return response.headers.get("x-pointsman-model");
}

async function history(gateway: RunningGateway): Promise<readonly Activation[]> {
  return ((await admin(gateway, "/admin/policy/history")) as { activations: readonly Activation[] })
    .activations;
}

/** Callers that ask again and again until stopped; counts what was not answered by a model. */
function startClients(gateway: RunningGateway) {
  let running = true;
  const tally = { answered: 0, failed: [] as string[] };
  const loops = Array.from({ length: CLIENTS }, async (_, at) => {
    const stream = at % 2 === 0;
    while (running) {
      try {
        const response = await chat(gateway, { stream });
        const body = await response.text();
        const complete = stream ? body.endsWith("data: [DONE]\n\n") : body.includes('"finish_reason":"stop"');
        if (response.status === 200 && complete) tally.answered++;
        else tally.failed.push(`${response.status} ${body.slice(0, 200)}`);
      } catch (thrown) {
        tally.failed.push(String(thrown));
      }
    }
  });
  return {
    tally,
    async stop() {
      running = false;
      await Promise.all(loops);
    },
  };
}

// A pace at which requests overlap with the edits.
const PACED = `version: 1
defaults: { first_token: 30ms }
`;

describe("while it runs", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway({ policy: GOOD, scenario: PACED });
  });
  afterAll(() => gateway.stop());

  test("an edit is live within a second and no request under way is lost", async () => {
    expect(await modelOf(gateway)).toBe("atlas");
    const before = (await statusOf(gateway)).version;
    const clients = startClients(gateway);
    await eventually(async () => clients.tally.answered > CLIENTS);
    writeFileSync(gateway.policyFile, EDITED);
    const editedAt = performance.now();
    await eventually(async () => (await statusOf(gateway)).version !== before, 3_000);
    expect(performance.now() - editedAt).toBeLessThan(1_000);
    expect(await modelOf(gateway)).toBe("nimbus");
    writeFileSync(gateway.policyFile, GOOD);
    await eventually(async () => (await modelOf(gateway)) === "atlas", 3_000);
    const answeredSoFar = clients.tally.answered;
    await eventually(async () => clients.tally.answered > answeredSoFar + CLIENTS);
    await clients.stop();
    expect(clients.tally.failed).toEqual([]);
    expect((await statusOf(gateway)).version).toBe(before);
  });

  test("a broken edit is refused with its line, and the old one goes on", async () => {
    const before = (await statusOf(gateway)).version;
    writeFileSync(gateway.policyFile, BROKEN);
    const refused = await eventually(async () => (await statusOf(gateway)).refused);
    expect(refused.findings).toContainEqual(
      expect.objectContaining({
        severity: "error",
        code: "unknown_model",
        line: BROKEN_LINE,
        column: expect.any(Number),
        fix: expect.stringContaining("pebble"),
      }),
    );
    expect(await modelOf(gateway)).toBe("atlas");
    expect((await statusOf(gateway)).version).toBe(before);
    const logged = gateway
      .errors()
      .split("\n")
      .find((line) => line.includes("policy_refused"));
    expect(logged).toContain(`policy.yaml:${BROKEN_LINE}:`);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('pointsman_policy_activations_total{result="refused"} 1');
  });

  test("not even YAML: refused too; mended: the refusal is gone", async () => {
    writeFileSync(gateway.policyFile, "version: 1\nname: [unclosed\n");
    await eventually(async () =>
      (await statusOf(gateway)).refused?.findings.every((finding) => finding.code !== "unknown_model"),
    );
    expect(await modelOf(gateway)).toBe("atlas");
    writeFileSync(gateway.policyFile, GOOD);
    await eventually(async () => (await statusOf(gateway)).refused === null);
  });

  test("every activation and refusal is in the history, with what changed", async () => {
    const rows = await eventually(async () => {
      const found = await history(gateway);
      return found.length >= 5 ? found : null;
    });
    expect(rows.map((row) => row.result)).toEqual([
      "refused",
      "refused",
      "activated",
      "activated",
      "activated",
    ]);
    const [, refusal, , edit, start] = rows;
    expect(start).toMatchObject({ actor: "start", previousVersion: null });
    expect(edit).toMatchObject({ actor: "file", previousVersion: start?.version });
    expect(edit?.source).toContain("policy.yaml");
    expect(edit?.changes.some((path) => path.startsWith("use_cases.support-chat.ladder"))).toBe(true);
    expect(refusal?.findings.join("\n")).toContain(`:${BROKEN_LINE}:`);
    for (let i = 1; i < rows.length; i++)
      expect(rows[i - 1]?.at).toBeGreaterThanOrEqual(rows[i]?.at ?? Number.POSITIVE_INFINITY);
  });

  test("the edit of a limit binds at once", async () => {
    writeFileSync(gateway.policyFile, GOOD.replace("premium: {}", "premium: { requests_per_minute: 3 }"));
    const eight = async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => chat(gateway, {})));
      return answers.map((answer) => answer.status);
    };
    // Some of the first eight that meet the limit may have come before it.
    await eventually(async () => (await eight()).includes(429));
    expect((await eight()).filter((status) => status === 200).length).toBeLessThanOrEqual(3);
    writeFileSync(gateway.policyFile, GOOD);
    await eventually(async () => (await chat(gateway, {})).status === 200);
  });
});

describe("over restarts", () => {
  test("a broken file, then none at all: the last good policy serves, and the file's return is noticed", async () => {
    const first = await startGateway({ policy: GOOD, scenario: INSTANT });
    const { directory } = first;
    const { version } = await statusOf(first);
    await first.stop();

    const second = await startGateway({ policy: BROKEN, scenario: INSTANT, directory });
    expect(await modelOf(second)).toBe("atlas");
    const status = await statusOf(second);
    expect(status.version).toBe(version);
    expect(status.refused?.findings).toContainEqual(expect.objectContaining({ line: BROKEN_LINE }));
    expect(second.errors()).toContain("serving_last_good_policy");
    await second.stop();

    rmSync(join(directory, "policy.yaml"));
    const third = await startGateway({ policy: null, scenario: INSTANT, directory });
    expect(await modelOf(third)).toBe("atlas");
    expect((await statusOf(third)).version).toBe(version);
    writeFileSync(third.policyFile, EDITED);
    await eventually(async () => (await modelOf(third)) === "nimbus", 3_000);
    // It serves before it is written down.
    const results = await eventually(async () => {
      const rows = (await history(third)).map((row) => `${row.actor} ${row.result}`);
      return rows[0] === "file activated" && rows;
    });
    expect(results).toContain("last-good activated");
    expect(results).toContain("start refused");
    await third.stop();
  });

  test("a broken policy and no earlier one: it does not start, and says where", async () => {
    let message = "";
    try {
      const gateway = await startGateway({ policy: BROKEN });
      await gateway.stop();
    } catch (thrown) {
      message = String(thrown);
    }
    expect(message).toContain("ended with 1");
    expect(message).toContain(`policy.yaml:${BROKEN_LINE}:`);
  });
});

test("--env lays its overlay over the base, and edits of either are live", async () => {
  const overlay = (words: string) =>
    `use_cases:\n  support-chat:\n    description: ${words}\n    ladder: { primary: nimbus }\n`;
  const base = await startGateway({ policy: GOOD, scenario: INSTANT });
  const { directory } = base;
  expect((await statusOf(base)).environment).toBeNull();
  await base.stop();
  writeFileSync(join(directory, "policy.prod.yaml"), overlay("In production."));
  const prod = await startGateway({ policy: GOOD, scenario: INSTANT, directory, args: ["--env", "prod"] });
  expect((await statusOf(prod)).environment).toBe("prod");
  expect(await modelOf(prod)).toBe("nimbus");
  writeFileSync(join(directory, "policy.prod.yaml"), overlay("Back.").replace("nimbus", "atlas@us-east-1"));
  await eventually(async () => (await modelOf(prod)) === "atlas", 3_000);
  await prod.stop();
});
