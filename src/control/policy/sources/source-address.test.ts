import { describe, expect, test } from "bun:test";
import { isRemoteAddress, overlayName, overlayUrl, readSourceAddress } from "./source-address.ts";

describe("what is an address", () => {
  test.each([
    ["policy.yaml", { kind: "local", path: "policy.yaml" }],
    ["/etc/pointsman", { kind: "local", path: "/etc/pointsman" }],
    ["odd:name.yaml", { kind: "local", path: "odd:name.yaml" }],
    ["s3://bucket/a/b.yaml", { kind: "s3", bucket: "bucket", key: "a/b.yaml" }],
    ["ssm:/pointsman/policy", { kind: "ssm", name: "/pointsman/policy" }],
    ["ssm:plain-name", { kind: "ssm", name: "plain-name" }],
    ["ssm:/pointsman/policy/", { kind: "ssm", name: "/pointsman/policy/" }],
    [
      "ssm:arn:aws:ssm:eu-central-1:123456789012:parameter/shared/policy",
      { kind: "ssm", name: "arn:aws:ssm:eu-central-1:123456789012:parameter/shared/policy" },
    ],
    [
      "appconfig:my%20app/live/policy%2Fone",
      { kind: "appconfig", application: "my app", environment: "live", profile: "policy/one" },
    ],
    ["appconfig-agent:a/e/p", { kind: "appconfig-agent", application: "a", environment: "e", profile: "p" }],
    ["store:", { kind: "store", seed: null }],
    ["store:/etc/first.yaml", { kind: "store", seed: "/etc/first.yaml" }],
  ])("%s", (text, address) => {
    expect(readSourceAddress(text)).toEqual({ ok: true, address } as ReturnType<typeof readSourceAddress>);
    expect(isRemoteAddress(text)).toBe(address.kind !== "local");
  });

  test.each(["https://policies.example/p.yaml?v=1", "http://127.0.0.1:8000/p.yaml", "http://[::1]/p.yaml"])(
    "%s",
    (text) => {
      const read = readSourceAddress(text);
      expect(read.ok && read.address.kind === "https" && read.address.url.href).toBe(text);
    },
  );

  test.each([
    ["http://policies.example/p.yaml", "plain http"],
    ["http://127.0.0.1.evil.example/p.yaml", "plain http"],
    ["https://user:hunter2@policies.example/p.yaml", "password"],
    ["https://", "no URL"],
    ["s3://bucket", "not complete"],
    ["s3://bucket/folder/", "not complete"],
    ["ssm:", "name or a path"],
    ["ssm:a b", "name or a path"],
    ["ssm:no-slash/", "name or a path"],
    ["appconfig:a/b", "three parts"],
    ["appconfig:a/b/c/d", "three parts"],
    ["appconfig:a//c", "three parts"],
    ["gs://bucket/p.yaml", "no policy source gs:"],
    ["ftp://host/p.yaml", "no policy source ftp:"],
  ])("%s is refused without being repeated", (text, words) => {
    const read = readSourceAddress(text);
    expect(read).toMatchObject({ ok: false, message: expect.stringContaining(words) });
    expect(JSON.stringify(read)).not.toContain("hunter2");
  });
});

describe("where the overlay is", () => {
  test.each([
    ["policy.yaml", "policy.prod.yaml"],
    ["a.b/policy", "a.b/policy.prod"],
    ["/x/team.policy.yaml", "/x/team.policy.prod.yaml"],
  ])("%s: %s", (name, overlay) => {
    expect(overlayName(name, "prod")).toBe(overlay);
  });

  test("beside a URL's last segment, with its query", () => {
    const overlay = overlayUrl(new URL("https://h.example/a/policy.yaml?ref=main"), "prod");
    expect(overlay.href).toBe("https://h.example/a/policy.prod.yaml?ref=main");
  });
});
