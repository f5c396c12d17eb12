import { expect, test } from "bun:test";
import type { KeySpec } from "../../core/keys.ts";
import { Secret } from "../../core/secret.ts";
import { BASE_POLICY, compileTexts, FAKE_PORTS } from "../fake-policy.ts";
import type { Finding } from "../finding.ts";
import { parsePolicy } from "../reading/load.ts";
import { type CompilePorts, compilePolicy } from "./compile.ts";

const SHA = "a".repeat(64);
const OTHER = "b".repeat(64);

/** Whatever is asked for under a name that begins with HERE is there. */
const PORTS: CompilePorts = {
  ...FAKE_PORTS,
  credential: ({ env, file }) =>
    `${env ?? file}`.includes("HERE")
      ? { type: "bearer", secret: new Secret(`of ${env ?? file}`) }
      : { type: "missing", where: "nowhere" },
};

function compile(...keys: readonly string[]): {
  readonly keys: readonly KeySpec[];
  readonly findings: readonly Finding[];
} {
  const text = `${BASE_POLICY}keys:\n${keys.map((key) => `  - { tenant: t, ${key} }\n`).join("")}`;
  const parsed = parsePolicy([{ file: "policy.yaml", text }]);
  if (parsed.document === null) return { keys: [], findings: parsed.findings };
  const { snapshot, findings } = compilePolicy(parsed.document, parsed.locate, PORTS);
  return { keys: snapshot?.keys ?? [], findings };
}

const codes = (findings: readonly Finding[]) =>
  findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);

test("a key that is sent as it is has no secret for signatures", () => {
  expect(compile(`id: k, sha256: ${SHA}`).keys).toEqual([
    { id: "k", sha256: SHA, tenant: "t", tier: "standard", role: "caller", useCases: null, aws: null },
  ]);
});

test.each([
  ["an environment variable", "{ env: HERE }", "of HERE"],
  ["a file", "{ file: /run/HERE }", "of /run/HERE"],
])("a key for AWS SDKs has its secret from %s, and never shows it", (_what, source, secret) => {
  const { keys, findings } = compile(
    `id: k, sha256: ${SHA}, aws: { access_key_id: team-a, secret: ${source} }`,
  );
  expect(findings).toEqual([]);
  expect(keys[0]?.aws?.accessKeyId).toBe("team-a");
  expect(keys[0]?.aws?.secret.reveal()).toBe(secret);
  expect(JSON.stringify(keys)).not.toContain(secret);
});

test.each([
  ["{ env: GONE }", /Set GONE/],
  ["{ file: /gone }", /Create the file \/gone/],
])("without its secret %s the key serves and nobody can sign with it", (source, fix) => {
  const { keys, findings } = compile(
    `id: k, sha256: ${SHA}, aws: { access_key_id: team-a, secret: ${source} }`,
  );
  expect(codes(findings)).toEqual(["warning missing_key_value keys[0].aws.secret"]);
  expect(findings[0]?.fix).toMatch(fix);
  expect(keys[0]).toMatchObject({ id: "k", aws: null });
});

test.each([
  ["match: { key: app }", null],
  ["match: { key: [ap, app] }", null],
  ["match: { key: ap }", "match: { key: "],
  ['when: caller.key == "ap" && request.stream', "when: "],
  ['when: caller.key != "ap"', null],
])("a rule that only keys match which there are not is doubtful: %s", (condition, before) => {
  const line = `  - { name: r, ${condition}, ladder: { primary: large } }`;
  const keys = "keys: [{ id: app, env: HERE, tenant: acme }]\n";
  const told = (text: string) =>
    compileTexts(`${BASE_POLICY}routes:\n${line}\n${text}`).findings.filter(
      ({ code }) => code === "doubtful_condition",
    );
  expect(told("")).toEqual([]);
  const [finding] = told(keys);
  if (before === null) expect(finding).toBeUndefined();
  else {
    expect(finding).toMatchObject({ severity: "warning", fix: 'Did you mean "app"?' });
    expect(line.slice(0, (finding?.column ?? 0) - 1)).toEndWith(before);
  }
});

test("two keys cannot have the same access key id", () => {
  const aws = "aws: { access_key_id: team-a, secret: { env: HERE } }";
  const { findings } = compile(`id: k, sha256: ${SHA}, ${aws}`, `id: l, sha256: ${OTHER}, ${aws}`);
  expect(codes(findings)).toEqual(["error duplicate_access_key_id keys[1].aws.access_key_id"]);
});

test.each([
  [
    "an id that would break the signature's form",
    "access_key_id: a/b/c, secret: { env: HERE }",
    "invalid_value",
  ],
  ["no source of the secret", "access_key_id: team-a, secret: {}", "invalid_value"],
  ["two sources", "access_key_id: team-a, secret: { env: HERE, file: /HERE }", "invalid_value"],
  ["no secret", "access_key_id: team-a", "missing_key"],
  ["a key of AWS itself", "access_key_id: AKIAIOSFODNN7EXAMPLE, secret: { env: HERE }", "secret_in_policy"],
])("%s is an error", (_what, aws, code) => {
  const { findings } = compile(`id: k, sha256: ${SHA}, aws: { ${aws} }`);
  expect(findings.map((finding) => finding.code)).toContain(code);
  expect(findings.find((finding) => finding.code === code)?.severity).toBe("error");
});
