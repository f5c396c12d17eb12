/** AWS's own clients against a loopback server, under the contract of sources, and what only they do. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { appConfigSource } from "../../../src/control/policy/sources/appconfig.ts";
import { s3Source } from "../../../src/control/policy/sources/s3.ts";
import { ssmSource } from "../../../src/control/policy/sources/ssm.ts";
import { awsError, enterAws, type FakeAws, startFakeAws } from "./fake-aws.ts";
import { ENVIRONMENT, type Place } from "./place.ts";
import { sourceContract } from "./source-contract.ts";

type Kept = "objects" | "parameters" | "configurations";

/** A place in `kept`, whose entries are found under `base` and `overlay`. */
function awsPlace(kept: Kept, base: string, overlay: string, rest: Pick<Place, "open" | "files">) {
  const aws = startFakeAws();
  const entered = enterAws(aws.url);
  const map: Map<string, string | Uint8Array> = aws[kept] as Map<string, string | Uint8Array>;
  return {
    ...rest,
    async put(document: "base" | "overlay", text: string | null) {
      const name = document === "base" ? base : overlay;
      if (text === null) map.delete(name);
      else map.set(name, text);
    },
    fail(words: string | null) {
      aws.instead = words === null ? null : () => awsError(500, "InternalServerError", {}, words);
    },
    hang() {
      aws.instead = () => new Promise(() => {});
    },
    wait() {
      aws.now += 60_000;
    },
    async putBytes(bytes: Uint8Array) {
      map.set(base, bytes);
    },
    async close() {
      entered.restore();
      await aws.stop();
    },
  } satisfies Place;
}

sourceContract("an object in S3", "s3", async () =>
  awsPlace("objects", "/bucket/team/policy.yaml", "/bucket/team/policy.prod.yaml", {
    open: () =>
      s3Source({
        bucket: "bucket",
        key: "team/policy.yaml",
        environment: ENVIRONMENT,
        forcePathStyle: false,
      }),
    files: ["s3://bucket/team/policy.yaml", "s3://bucket/team/policy.prod.yaml"],
  }),
);

sourceContract("a parameter", "ssm", async () => {
  // A parameter is text.
  const { putBytes, ...place } = awsPlace("parameters", "/pointsman/policy", "/pointsman/policy.prod", {
    open: () => ssmSource("/pointsman/policy", ENVIRONMENT),
    files: ["ssm:/pointsman/policy", "ssm:/pointsman/policy.prod"],
  });
  return place;
});

sourceContract("parameters under a path", "ssm", async () => {
  const { putBytes, ...place } = awsPlace("parameters", "/pointsman/base", "/pointsman/prod/over", {
    open: () => ssmSource("/pointsman/", ENVIRONMENT),
    files: ["ssm:/pointsman/base", "ssm:/pointsman/prod/over"],
  });
  return place;
});

sourceContract("a profile of AppConfig", "appconfig", async () =>
  awsPlace("configurations", "shop/live/policy", "shop/live/policy.prod", {
    open: () =>
      appConfigSource({
        application: "shop",
        environment: "live",
        profile: "policy",
        overlay: ENVIRONMENT,
        intervalMs: 30_000,
      }),
    files: ["appconfig:shop/live/policy", "appconfig:shop/live/policy.prod"],
  }),
);

describe("only at AWS", () => {
  let aws: FakeAws;
  let entered: { restore(): void };
  const signal = new AbortController().signal;
  beforeAll(() => {
    aws = startFakeAws();
    entered = enterAws(aws.url);
  });
  beforeEach(() => {
    aws.instead = null;
    aws.asked.length = 0;
  });
  afterAll(async () => {
    entered.restore();
    await aws.stop();
  });
  const operations = () => aws.asked.map(({ operation }) => operation);
  const s3 = () => s3Source({ bucket: "bucket", key: "p.yaml", environment: null, forcePathStyle: true });

  test("every question is signed, and S3 is asked with the ETag", async () => {
    aws.objects.set("/bucket/p.yaml", "version: 1\n");
    const source = s3();
    await source.fetch(signal);
    expect(await source.fetch(signal)).toEqual({ result: "unchanged" });
    expect(aws.asked.map(({ signed }) => signed)).toEqual([true, true]);
    expect(aws.asked[1]?.headers.get("if-none-match")).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test("an object larger than 10 MiB is refused", async () => {
    aws.objects.set("/bucket/p.yaml", new Uint8Array(10 * 1024 * 1024 + 1).fill(0x20));
    const fetched = await s3().fetch(signal);
    expect(fetched).toMatchObject({ result: "failed", problem: expect.stringContaining("10 MiB") });
  });

  test("SecureStrings come decrypted, pages are read to the end, parts in the order of their names", async () => {
    for (let i = 0; i < 23; i++) aws.parameters.set(`/many/${String(i).padStart(2, "0")}`, `part: ${i}\n`);
    aws.parameters.set("/many/deeper/99", "not: right under it\n");
    const fetched = await ssmSource("/many/", null).fetch(signal);
    if (fetched.result !== "texts") throw new Error("no texts");
    expect(fetched.texts.map(({ text }) => text)).toEqual(
      Array.from({ length: 23 }, (_, i) => `part: ${i}\n`),
    );
    expect(operations()).toEqual(Array(3).fill("AmazonSSM.GetParametersByPath"));
  });

  test("the version of a parameter is its revision", async () => {
    aws.parameters.set("/one", "version: 1\n");
    expect(await ssmSource("/one", null).fetch(signal)).toMatchObject({ revision: "3" });
  });

  test.each([
    [400, "ThrottlingException", "throttles"],
    [400, "AccessDeniedException", "Allow ssm:GetParameter"],
    [400, "ExpiredTokenException", "no valid AWS credentials"],
    [400, "UnrecognizedClientException", "refused access"],
    [500, "InternalServerError", "status 500"],
  ])("%p %s is told in our words", async (status, type, words) => {
    aws.instead = () => awsError(status, type, {}, "User: arn:aws:iam::123456789012:user/somebody");
    const fetched = await ssmSource("/one", null).fetch(signal);
    expect(JSON.stringify(fetched)).not.toContain("somebody");
    expect(fetched).toMatchObject({ result: "failed", problem: expect.stringContaining(words) });
  });

  describe("AppConfig's tokens", () => {
    const place = { application: "app", environment: "live", profile: "p" };
    const open = () => appConfigSource({ ...place, overlay: null, intervalMs: 15_000 });
    const textOf = (fetched: Awaited<ReturnType<ReturnType<typeof open>["fetch"]>>) =>
      fetched.result === "texts" ? fetched.texts[0]?.text : fetched;
    beforeEach(() => {
      aws.configurations.set("app/live/p", "version: 1\n");
    });

    test("one session, one token a question, the interval that the service names, its label", async () => {
      const source = open();
      const first = await source.fetch(signal);
      expect(first).toMatchObject({ nextMs: 15_000 });
      expect(first.result === "texts" && first.revision?.startsWith("v-")).toBe(true);
      aws.now += 15_000;
      // Nothing has changed: the service answers with an empty body, the source with what it has.
      expect(textOf(await source.fetch(signal))).toBe("version: 1\n");
      aws.configurations.set("app/live/p", "version: 2\n");
      aws.now += 15_000;
      expect(textOf(await source.fetch(signal))).toBe("version: 2\n");
      expect(operations()).toEqual([
        "POST /configurationsessions",
        "GET /configuration",
        "GET /configuration",
        "GET /configuration",
      ]);
    });

    test("a token that has expired, or is not known any more: a new session within the same look", async () => {
      const source = open();
      await source.fetch(signal);
      aws.now += 25 * 60 * 60 * 1000;
      aws.configurations.set("app/live/p", "version: 3\n");
      expect(textOf(await source.fetch(signal))).toBe("version: 3\n");
      aws.expireTokens();
      aws.now += 15_000;
      expect(textOf(await source.fetch(signal))).toBe("version: 3\n");
      expect(operations().filter((name) => name.startsWith("POST"))).toHaveLength(3);
    });

    test("an answer that was lost on the way has used its token up: the next look finds that out", async () => {
      const source = open();
      await source.fetch(signal);
      aws.now += 15_000;
      aws.instead = () => {
        // The service has answered; the answer did not arrive.
        aws.expireTokens();
        return new Response("bad gateway", { status: 502 });
      };
      expect((await source.fetch(signal)).result).toBe("failed");
      aws.instead = null;
      aws.configurations.set("app/live/p", "version: 4\n");
      expect(textOf(await source.fetch(signal))).toBe("version: 4\n");
    });

    test("asked too early, it keeps what it has and its session", async () => {
      const source = open();
      await source.fetch(signal);
      expect(textOf(await source.fetch(signal))).toBe("version: 1\n");
      aws.now += 15_000;
      expect(textOf(await source.fetch(signal))).toBe("version: 1\n");
      expect(operations().filter((name) => name.startsWith("POST"))).toHaveLength(1);
    });

    test("nothing there: the reason is told", async () => {
      aws.configurations.delete("app/live/p");
      const fetched = await open().fetch(signal);
      expect(fetched).toMatchObject({ problem: expect.stringContaining("nothing is deployed") });
    });
  });

  test("no region, no credentials: what to set is told", async () => {
    const { AWS_REGION, AWS_ACCESS_KEY_ID } = process.env;
    delete process.env.AWS_REGION;
    const lost = await ssmSource("/one", null).fetch(signal);
    expect(lost).toMatchObject({ problem: expect.stringContaining("Set AWS_REGION") });
    process.env.AWS_REGION = AWS_REGION;
    delete process.env.AWS_ACCESS_KEY_ID;
    const nobody = await ssmSource("/one", null).fetch(signal);
    expect(nobody).toMatchObject({ problem: expect.stringContaining("no valid AWS credentials") });
    process.env.AWS_ACCESS_KEY_ID = AWS_ACCESS_KEY_ID;
  });
});
