import { beforeAll, describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Validator } from "@cfworker/json-schema";
import { parse } from "yaml";
import { createScratch } from "../../../../test/scratch.ts";
import { fakeProcess } from "../../fake-ports.ts";
import { shippedDrills } from "./load-drill.ts";

const cwd = createScratch().folder();

beforeAll(async () => {
  await writeFile(join(cwd, "drill.yaml"), DRILL);
  await writeFile(join(cwd, "broken.yaml"), DRILL.replace("support-chat", "suport-chat"));
});

const DRILL = `version: 1
name: mine
use_case: support-chat
load: { rate: 5, duration: 2s }
schedule:
  faults: [{ match: { region: us-east-1 }, fault: { status: 503 } }]
`;

describe("the drills that come with the program", () => {
  test("each is valid, names what it rehearses and takes 25 s at most", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "list", "--json")).toBe(0);
    const drills = JSON.parse(shell.stdout()) as { name: string; seconds: number; description: string }[];
    expect(drills.map(({ name }) => name)).toEqual([
      "brown-out",
      "cut-streams",
      "flapping",
      "heavy-tail",
      "poisoned-json",
      "quota-exhaustion",
      "refused-and-silent",
      "region-outage",
      "slow-one-of-three",
      "total-blackout",
      "total-silence",
    ]);
    for (const { seconds, description } of drills) {
      expect(seconds).toBeLessThanOrEqual(25);
      expect(description.length).toBeGreaterThan(60);
    }
  });

  test("each keeps the published schema, which is the schema of the source", async () => {
    const schemas = new URL("../../../../schemas/", import.meta.url);
    const schema = JSON.parse(await readFile(new URL("gameday.schema.json", schemas), "utf8"));
    const validator = new Validator(structuredClone(schema), "2020-12");
    for (const file of await shippedDrills()) {
      const verdict = validator.validate(parse(await readFile(file, "utf8")));
      expect([file, verdict.errors]).toEqual([file, []]);
    }
    const { drillJsonSchema } = await import("../../../control/gameday/drill.ts");
    expect(schema).toEqual(JSON.parse(JSON.stringify(drillJsonSchema())));
  });

  test("the list says how long each takes", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "list")).toBe(0);
    expect(shell.stdout()).toMatch(
      /region-outage +2\d(\.\d)? s +The primary's region is gone for 45 minutes\./,
    );
  });
});

describe("gameday validate", () => {
  test("a drill that can be run", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "validate", "drill.yaml")).toBe(0);
    expect(shell.stdout()).toContain("drill.yaml is valid: mine, 2 s on the clock, 1 fault.");
  });

  test("one that cannot: where, why and the fix, and exit code 1", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "validate", "broken.yaml")).toBe(1);
    expect(shell.stderr()).toContain("broken.yaml:3:");
    expect(shell.stderr()).toContain('fix: Did you mean "support-chat"?');
    const json = fakeProcess({ cwd });
    expect(await json.run("gameday", "validate", "broken.yaml", "--json")).toBe(1);
    expect(JSON.parse(json.stdout())).toMatchObject({ valid: false, findings: [{ path: "use_case" }] });
  });

  test("a file that is not there is wrong usage", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "validate", "nowhere.yaml")).toBe(2);
    expect(shell.stderr()).toContain("There is no file nowhere.yaml.");
  });

  test("a policy or a scenario that is not there is named", async () => {
    for (const [line, name] of [
      ["policy: gone.yaml", "gone.yaml"],
      ["policy: drill.yaml", "drill.yaml"],
    ] as const) {
      await writeFile(join(cwd, "other.yaml"), `${DRILL}${line}\n`);
      const shell = fakeProcess({ cwd });
      expect(await shell.run("gameday", "validate", "other.yaml")).toBeGreaterThan(0);
      expect(shell.stderr()).toContain(name);
    }
    await writeFile(join(cwd, "other.yaml"), DRILL.replace(/ {2}faults.*/, "  scenario: gone.yaml"));
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "validate", "other.yaml")).toBe(2);
    expect(shell.stderr()).toContain("gone.yaml");
  });

  test("a scenario's file takes the place of faults of its own", async () => {
    const scenario = new URL("../../../../examples/scenarios/region-outage.yaml", import.meta.url).pathname;
    const other = DRILL.replace(/ {2}faults.*/, `  scenario: ${scenario}`);
    await writeFile(join(cwd, "short.yaml"), other);
    // Its first fault begins after 8 s, its last after 38 s.
    await writeFile(join(cwd, "other.yaml"), other.replace("duration: 2s", "duration: 10s"));
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "validate", "other.yaml")).toBe(0);
    expect(shell.stdout()).toContain("4 faults");
    const short = fakeProcess({ cwd });
    expect(await short.run("gameday", "validate", "short.yaml")).toBe(1);
    expect(short.stderr()).toContain("No fault of the scenario ever begins");
  });
});

describe("gameday run, before a gateway is there", () => {
  test.each([
    ["a drill that is not valid", ["broken.yaml"]],
    ["a file that is not there", ["nowhere.yaml"]],
    ["a rate that is none", ["drill.yaml", "--rate", "fast"]],
    ["a report where none can be", ["drill.yaml", "--report", "no/such/place.html"]],
  ] as const)("%s is wrong usage", async (_, args) => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "run", ...args)).toBe(2);
    expect(shell.stderr()).toContain("fix:");
    expect(shell.stdout()).toBe("");
    const json = fakeProcess({ cwd });
    expect(await json.run("gameday", "run", ...args, "--json")).toBe(2);
    expect(JSON.parse(json.stderr())).toEqual({
      error: { message: expect.any(String), fix: expect.any(String) },
    });
    expect(json.stderr().trimEnd()).not.toContain("\n");
    expect(json.stdout()).toBe("");
  });

  test.each([
    [["nope"], "There is no file nope.", "gameday list"],
    [["drill.yaml", "--report", "no/such/place.html"], "There is no folder no/such.", "Make it first."],
  ] as const)("%j is told with what would do", async (args, message, fix) => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "run", ...args)).toBe(2);
    expect(shell.stderr()).toContain(message);
    expect(shell.stderr()).toContain(fix);
  });

  test("one that is not valid says where and what to do, also as JSON", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("gameday", "run", "broken.yaml", "--json")).toBe(2);
    const { error } = JSON.parse(shell.stderr());
    expect(error.message).toMatch(/^broken\.yaml is not valid: 1 error, 0 warnings\. broken\.yaml:3:\d+: /);
    expect(error.fix).toBe('Did you mean "support-chat"?');
  });

  test("a gateway that does not start is no verdict on the drill", async () => {
    const asked: string[] = [];
    const shell = fakeProcess({
      cwd,
      drillGateway: async ({ policy, scenario }) => {
        asked.push(policy, scenario);
        throw new Error("The gateway of the drill ended with 1.");
      },
    });
    expect(await shell.run("gameday", "run", "drill.yaml", "--json")).toBe(3);
    expect(JSON.parse(shell.stderr())).toMatchObject({
      error: { message: expect.stringContaining("ended with 1.") },
    });
    expect(shell.stdout()).toBe("");
    expect(asked[0]).toEndWith("examples/policy.yaml");
    expect(JSON.parse(asked[1] ?? "")).toMatchObject({
      version: 1,
      deployments: { "atlas-large-us": { model: "atlas-large", region: "us-east-1" } },
    });
  });
});
