import { expect, test } from "bun:test";
import type { AwsIdentity } from "../../core/deployment.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { Secret } from "../../core/secret.ts";
import { type AwsKeys, createAwsKeyring, type LoadAwsKeys } from "./keys.ts";

const HOUR = 3_600_000;

function fakeChain(clock: FakeClock): {
  readonly asked: [AwsIdentity, string][];
  readonly load: LoadAwsKeys;
} {
  const asked: [AwsIdentity, string][] = [];
  const load: LoadAwsKeys = async (identity, region) => {
    asked.push([identity, region]);
    const value: AwsKeys = {
      accessKeyId: `AKID${asked.length}`,
      secretAccessKey: new Secret("s"),
      sessionToken: null,
    };
    return { value, expiresAt: clock.now() + HOUR };
  };
  return { asked, load };
}

test("one identity is one set of keys, whichever region and policy ask", async () => {
  const clock = new FakeClock();
  const { asked, load } = fakeChain(clock);
  const keyring = createAwsKeyring(clock, load);
  const first = await keyring.keysFor({ identity: {}, region: "eu-west-1" });
  expect(keyring.keysFor({ identity: {}, region: "us-east-1" })).toBe(first);
  expect(asked).toHaveLength(1);
});

test("another profile has other keys, and a role is assumed in each region by itself", async () => {
  const clock = new FakeClock();
  const { asked, load } = fakeChain(clock);
  const keyring = createAwsKeyring(clock, load);
  const role = { roleArn: "arn:aws:iam::123456789012:role/r" };
  const holders = [
    { identity: {}, region: "eu-west-1" },
    { identity: { profile: "p" }, region: "eu-west-1" },
    { identity: role, region: "eu-west-1" },
    { identity: role, region: "us-east-1" },
    { identity: { ...role, externalId: "e" }, region: "us-east-1" },
  ];
  for (const holder of holders) await keyring.keysFor(holder);
  expect(asked).toEqual(holders.map(({ identity, region }) => [identity, region]));
});

test("keys are renewed ahead of their end, and new ones are a new object", async () => {
  const clock = new FakeClock();
  const { asked, load } = fakeChain(clock);
  const keyring = createAwsKeyring(clock, load);
  const holder = { identity: {}, region: "eu-west-1" };
  const first = await keyring.keysFor(holder);
  await clock.advance(HOUR - 4 * 60_000);
  expect(keyring.keysFor(holder)).toBe(first);
  await clock.advance(0);
  expect(keyring.keysFor(holder)).toMatchObject({ accessKeyId: "AKID2" });
  expect(asked).toHaveLength(2);
});
