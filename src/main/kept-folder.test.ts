import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { createScratch } from "../../test/scratch.ts";
import { keptFolder, tellOfOthers } from "./kept-folder.ts";

const scratch = createScratch();
const folder = (address: string, environment: string | null = null) =>
  keptFolder("/data", address, environment);

test("each source and environment has its own, by a name that people know it by", () => {
  expect(folder("/srv/pointsman.yaml")).toMatch(/^\/data\/kept\/pointsman\.yaml-[0-9a-f]{8}$/);
  expect(folder("s3://bucket/policy.yaml")).toMatch(/^\/data\/kept\/s3-[0-9a-f]{8}$/);
  const all = ["/srv/pointsman.yaml", "/opt/pointsman.yaml", "s3://a/p.yaml", "s3://b/p.yaml"];
  const folders = all.flatMap((address) => [folder(address), folder(address, "prod")]);
  expect(new Set(folders).size).toBe(folders.length);
  expect(folder("/srv/pointsman.yaml")).toBe(folder("/srv/pointsman.yaml"));
});

test("a store is one source, whichever file was to fill it", () => {
  expect(folder("store:/srv/first.yaml")).toBe(folder("store:"));
});

test("an address with a secret in it is not told", () => {
  expect(folder("https://policies.example/p.yaml?sig=hunter2")).toMatch(/^\/data\/kept\/https-[0-9a-f]{8}$/);
});

test.each([
  ["X-Amz-Date=1&X-Amz-Signature=a", "X-Amz-Date=2&X-Amz-Signature=b"],
  ["AWSAccessKeyId=k&Expires=1&Signature=a", "AWSAccessKeyId=l&Expires=2&Signature=b&x-amz-security-token=t"],
  ["X-Goog-Date=1&X-Goog-Signature=a", "X-Goog-Signature=b&X-Goog-Date=2"],
  ["GoogleAccessId=k&Expires=1&Signature=a", "GoogleAccessId=k&Expires=2&Signature=b"],
  ["sv=2024&se=1&sp=r&sig=a", "sv=2024&se=2&sp=r&sig=b"],
  ["sv=2024&se=1&skt=1&ske=2&sig=a", "sv=2024&se=2&skt=3&ske=4&sig=b"],
  ["Expires=1&Signature=a&Key-Pair-Id=k", "Expires=2&Signature=b&Key-Pair-Id=k"],
  ["Policy=1&Signature=a&Key-Pair-Id=k", "Policy=2&Signature=b&Key-Pair-Id=k"],
])("a signature that was renewed is no other source: %s", (before, after) => {
  const of = (query: string) => folder(`https://policies.example/p.yaml?name=a&${query}`);
  expect(of(after)).toBe(of(before));
  expect(of(after)).not.toBe(folder(`https://policies.example/p.yaml?name=b&${after}`));
});

test.each([
  ["policy=eu", "policy=us"],
  ["policy=eu&signature=a", "policy=us&signature=a"],
  ["policy=eu&sv=1&sig=a", "policy=us&sv=1&sig=a"],
  ["expires=1", "expires=2"],
  ["sku=basic&sv=1&sig=a", "sku=large&sv=1&sig=a"],
  ["sp=eu&st=1", "sp=us&st=1"],
  ["sig=eu", "sig=us"],
  ["x-amz-meta-team=a", "x-amz-meta-team=b"],
])("what signs nothing tells sources apart: %s and %s", (one, other) => {
  const of = (query: string) => folder(`https://policies.example/p.yaml?${query}`);
  expect(of(one)).not.toBe(of(other));
});

test("a process that keeps nothing has none", () => {
  expect(keptFolder(":memory:", "/srv/pointsman.yaml", null)).toBeNull();
});

test("what others have kept is told by name, and only where there are others", async () => {
  const data = scratch.folder();
  const told: unknown[] = [];
  const tell = (kept: string | null) =>
    tellOfOthers(kept, (_level, event, fields) => void told.push({ event, ...fields }));
  const [own, other] = ["/a.yaml", "/b.yaml"].map((address) => keptFolder(data, address, null) ?? "");
  await tell(own ?? "");
  mkdirSync(own ?? "", { recursive: true });
  await tell(own ?? "");
  await tell(null);
  expect(told).toEqual([]);
  mkdirSync(other ?? "", { recursive: true });
  await tell(own ?? "");
  expect(told).toEqual([
    {
      event: "kept_for_other_sources",
      here: expect.stringContaining("a.yaml-"),
      others: [expect.stringContaining("b.yaml-")],
    },
  ]);
});
