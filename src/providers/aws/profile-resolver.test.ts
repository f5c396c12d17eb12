import { describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import type { Deployment } from "../../core/deployment.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { BASE_POLICY, snapshotOf } from "../../policy/fake-policy.ts";
import type { AwsHolder } from "./keys.ts";
import type { ProfileRegions } from "./list-profiles.ts";
import { createProfileResolver, type ProfileResolver } from "./profile-resolver.ts";

const HOUR = 3_600_000;
const directory = createScratch().folder();

function deploymentsIn(...regions: readonly string[]): readonly Deployment[] {
  const lines = regions.map(
    (region) =>
      `  at-${region}: { model: large, provider: aws, model_id: eu.anthropic.claude-x, region: ${region} }\n`,
  );
  const text = BASE_POLICY.replace("  sim:", "  aws: { kind: bedrock }\n  sim:").replace(
    "use_cases:",
    `${lines.join("")}use_cases:`,
  );
  return [...snapshotOf(text).deployments.values()];
}

interface World {
  readonly clock: FakeClock;
  readonly resolver: ProfileResolver;
  readonly asked: AwsHolder[];
  readonly failed: string[];
  learnt: number;
  answer: () => Promise<ProfileRegions>;
}

function start(file: string | null = null): World {
  const clock = new FakeClock();
  const asked: AwsHolder[] = [];
  const failed: string[] = [];
  const world: Omit<World, "resolver"> = {
    clock,
    asked,
    failed,
    learnt: 0,
    answer: async () => new Map([["eu.anthropic.claude-x", ["eu-central-1", "eu-west-1"]]]),
  };
  const resolver = createProfileResolver({
    clock,
    file,
    list: (source) => {
      asked.push(source);
      return world.answer();
    },
    onLearnt: () => {
      world.learnt += 1;
    },
    onFailed: (what, region) => failed.push(`${what} ${region}`),
  });
  return Object.assign(world, { resolver });
}

describe("what Bedrock says", () => {
  test("is known once it has answered, for the region that was asked", async () => {
    const { resolver, clock, asked } = start();
    resolver.follow(deploymentsIn("eu-central-1"));
    expect(resolver.lookup("eu.anthropic.claude-x", "eu-central-1")).toBeNull();
    await clock.advance(0);
    expect(resolver.lookup("eu.anthropic.claude-x", "eu-central-1")).toEqual(["eu-central-1", "eu-west-1"]);
    expect(resolver.lookup("eu.anthropic.claude-x", "eu-west-1")).toBeNull();
    expect(resolver.lookup("eu.anthropic.claude-y", "eu-central-1")).toBeNull();
    expect(asked).toEqual([{ region: "eu-central-1", identity: {} }]);
  });

  test("is asked for again every six hours, and told when it changes alone", async () => {
    const world = start();
    const { resolver, clock, asked } = world;
    resolver.follow(deploymentsIn("eu-central-1"));
    await clock.advance(6 * HOUR);
    expect(asked).toHaveLength(2);
    expect(world.learnt).toBe(1);
    world.answer = async () => new Map([["eu.anthropic.claude-x", ["eu-central-1"]]]);
    await clock.advance(6 * HOUR);
    expect(world.learnt).toBe(2);
    expect(resolver.lookup("eu.anthropic.claude-x", "eu-central-1")).toEqual(["eu-central-1"]);
  });

  test("stays when a question fails, which is noted and asked again in a quarter of an hour", async () => {
    const world = start();
    const { resolver, clock, asked, failed } = world;
    resolver.follow(deploymentsIn("eu-central-1"));
    await clock.advance(0);
    world.answer = () => Promise.reject(new Error("denied"));
    await clock.advance(6 * HOUR);
    expect(failed).toEqual(["list eu-central-1"]);
    expect(resolver.lookup("eu.anthropic.claude-x", "eu-central-1")).not.toBeNull();
    await clock.advance(15 * 60_000);
    expect(asked).toHaveLength(3);
  });
});

describe("who is asked", () => {
  test("each region and identity once, and only those of Bedrock that sign", async () => {
    const { resolver, clock, asked } = start();
    resolver.follow([...deploymentsIn("eu-central-1", "eu-west-1"), ...deploymentsIn("eu-west-1")]);
    await clock.advance(0);
    expect(asked.map(({ region }) => region)).toEqual(["eu-central-1", "eu-west-1"]);
  });

  test("follows the policy: a region that left is asked no more, one that came is asked at once", async () => {
    const { resolver, clock, asked } = start();
    resolver.follow(deploymentsIn("eu-central-1"));
    await clock.advance(HOUR);
    resolver.follow(deploymentsIn("eu-west-1"));
    await clock.advance(0);
    expect(asked.map(({ region }) => region)).toEqual(["eu-central-1", "eu-west-1"]);
    await clock.advance(6 * HOUR);
    expect(asked.map(({ region }) => region)).toEqual(["eu-central-1", "eu-west-1", "eu-west-1"]);
  });

  test("nobody once it is stopped", async () => {
    const { resolver, clock, asked } = start();
    resolver.follow(deploymentsIn("eu-central-1"));
    await clock.advance(0);
    resolver.stop();
    await clock.advance(24 * HOUR);
    expect(asked).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});

describe("the file", () => {
  test("has what was learnt ready at the next start", async () => {
    const file = join(directory, "nested", "profiles.json");
    const first = start(file);
    first.resolver.follow(deploymentsIn("eu-central-1"));
    await first.clock.advance(0);
    await first.resolver.settled();
    const second = start(file);
    expect(second.resolver.lookup("eu.anthropic.claude-x", "eu-central-1")).toEqual([
      "eu-central-1",
      "eu-west-1",
    ]);
    expect(second.asked).toEqual([]);
    second.resolver.follow(deploymentsIn("eu-central-1"));
    await second.clock.advance(0);
    expect(second.learnt).toBe(0);
  });

  test.each([
    ["is cut short", '{"version":1,"sour'],
    ["is of another version", '{"version":2,"sources":[]}'],
    ["holds something else", '{"version":1,"sources":[1,{"source":"s","region":"r","profiles":{"p":"x"}}]}'],
  ])("that %s counts for nothing", async (what, content) => {
    const file = join(directory, `${what}.json`);
    await writeFile(file, content);
    expect(start(file).resolver.lookup("p", "r")).toBeNull();
  });

  test("that cannot be written is noted, and what was learnt serves", async () => {
    const file = join(directory, "a-file", "profiles.json");
    await writeFile(join(directory, "a-file"), "not a directory");
    const { resolver, clock, failed } = start(file);
    resolver.follow(deploymentsIn("eu-central-1"));
    await clock.advance(0);
    await resolver.settled();
    expect(failed).toEqual(["save null"]);
    expect(resolver.lookup("eu.anthropic.claude-x", "eu-central-1")).not.toBeNull();
    expect(await readFile(join(directory, "a-file"), "utf8")).toBe("not a directory");
  });
});
