import { afterAll, beforeEach, expect, test } from "bun:test";
import { Secret } from "../../core/secret.ts";
import type { AwsKeyring } from "./keys.ts";
import { createProfileLister } from "./list-profiles.ts";

/* The real client against a control plane on this machine. */

let asked: { readonly query: URLSearchParams; readonly authorization: string }[] = [];
let answer: (query: URLSearchParams) => Response = () => new Response(null, { status: 500 });

const endpoint = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    const { pathname, searchParams: query } = new URL(request.url);
    if (pathname !== "/inference-profiles") return new Response(null, { status: 404 });
    asked.push({ query, authorization: request.headers.get("authorization") ?? "" });
    return answer(query);
  },
});

afterAll(() => endpoint.stop(true));
beforeEach(() => {
  asked = [];
});

const keyring: Pick<AwsKeyring, "keysFor"> = {
  keysFor: () => ({ accessKeyId: "AKID", secretAccessKey: new Secret("s"), sessionToken: new Secret("t") }),
};
const list = createProfileLister(keyring, `http://127.0.0.1:${endpoint.port}`);
const SOURCE = { region: "eu-central-1", identity: {} };

function summary(id: string, arn: string, regions: readonly string[], type: string): object {
  return {
    inferenceProfileId: id,
    inferenceProfileArn: arn,
    inferenceProfileName: id,
    models: regions.map((region) => ({ modelArn: `arn:aws:bedrock:${region}::foundation-model/m` })),
    status: "ACTIVE",
    type,
  };
}

test("profiles of the system and of the account, page after page, by id and by ARN", async () => {
  const arn = "arn:aws:bedrock:eu-central-1:123456789012";
  const pages: Readonly<Record<string, object>> = {
    SYSTEM_DEFINED: {
      inferenceProfileSummaries: [
        summary("eu.m", `${arn}:inference-profile/eu.m`, ["eu-west-1", "eu-central-1"], "SYSTEM_DEFINED"),
      ],
      nextToken: "more",
    },
    "SYSTEM_DEFINED more": {
      inferenceProfileSummaries: [
        summary("global.m", `${arn}:inference-profile/global.m`, ["", "eu-central-1"], "SYSTEM_DEFINED"),
      ],
    },
    APPLICATION: {
      inferenceProfileSummaries: [
        summary("ab12", `${arn}:application-inference-profile/ab12`, ["eu-west-3"], "APPLICATION"),
      ],
    },
  };
  answer = (query) => {
    const page = [query.get("type"), query.get("nextToken")].filter((part) => part !== null).join(" ");
    return Response.json(pages[page] ?? {});
  };
  expect(Object.fromEntries(await list(SOURCE))).toEqual({
    "eu.m": ["eu-central-1", "eu-west-1"],
    [`${arn}:inference-profile/eu.m`]: ["eu-central-1", "eu-west-1"],
    "global.m": ["*", "eu-central-1"],
    [`${arn}:inference-profile/global.m`]: ["*", "eu-central-1"],
    ab12: ["eu-west-3"],
    [`${arn}:application-inference-profile/ab12`]: ["eu-west-3"],
  });
  expect(asked).toHaveLength(3);
  expect(asked.every(({ authorization }) => authorization.includes("AKID/"))).toBe(true);
  expect(asked[0]?.authorization).toContain("/eu-central-1/bedrock/");
});

test("an answer without profiles is an answer", async () => {
  answer = () => Response.json({ inferenceProfileSummaries: [] });
  expect((await list(SOURCE)).size).toBe(0);
});

test("a refusal is thrown", async () => {
  answer = () =>
    Response.json(
      { message: "not authorized" },
      { status: 403, headers: { "x-amzn-errortype": "AccessDeniedException" } },
    );
  await expect(list(SOURCE)).rejects.toMatchObject({ name: "AccessDeniedException" });
  expect(asked).toHaveLength(1);
});
