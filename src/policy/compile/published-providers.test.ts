import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Validator } from "@cfworker/json-schema";
import { parse } from "yaml";
import { PROVIDER_KINDS } from "../../core/deployment.ts";
import { Secret } from "../../core/secret.ts";
import { policyJsonSchema } from "../document/document.ts";
import { FAKE_PORTS } from "../fake-policy.ts";
import { parsePolicy } from "../reading/load.ts";
import { type CompilePorts, compilePolicy } from "./compile.ts";

/* What is published about providers, the example and the documentation, held to what the code does. */

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const EXAMPLE = read("examples/providers.yaml");
const DOCUMENTATION = read("docs/providers.md");

const PORTS: CompilePorts = {
  ...FAKE_PORTS,
  keyHash: () => "a".repeat(64),
  credential: () => ({ type: "bearer", secret: new Secret("s") }),
};

function compile(...texts: readonly string[]) {
  const parsed = parsePolicy(texts.map((text, index) => ({ file: `${index}.yaml`, text })));
  if (parsed.document === null) return { snapshot: null, findings: parsed.findings };
  return compilePolicy(parsed.document, parsed.locate, PORTS);
}

describe("the example", () => {
  test("has every kind of provider and no finding", () => {
    const { snapshot, findings } = compile(EXAMPLE);
    expect(findings).toEqual([]);
    const kinds = new Set([...(snapshot?.deployments.values() ?? [])].map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([...PROVIDER_KINDS].sort());
  });

  test("is accepted by an editor that uses the published schema", () => {
    const validator = new Validator(policyJsonSchema(), "2020-12");
    expect(validator.validate(parse(EXAMPLE, { merge: true })).errors).toEqual([]);
    const typo = EXAMPLE.replace("kind: vertex", "kind: vertx");
    expect(validator.validate(parse(typo, { merge: true })).valid).toBe(false);
  });

  test("without any credential it still serves, and says what is missing", () => {
    const parsed = parsePolicy([{ file: "p", text: EXAMPLE }]);
    if (parsed.document === null) throw new Error("not valid");
    const { snapshot, findings } = compilePolicy(parsed.document, parsed.locate, FAKE_PORTS);
    expect(snapshot).not.toBeNull();
    expect(new Set(findings.map(({ code }) => code))).toEqual(
      new Set(["missing_credential", "missing_key_value"]),
    );
  });
});

/** The models that the documentation speaks of, and somebody who uses them. */
const BASE = `version: 1
name: documentation
providers: { base: { kind: simulator } }
models:
${["claude", "gpt", "gemini", "llama"]
  .map((id) => `  ${id}: { context_window: 100000, prices: { input: 1, output: 1 } }\n`)
  .join("")}deployments: { base: { model: gpt, provider: base, model_id: m, region: eu-west-1 } }
use_cases: { chat: { ladder: { primary: gpt, degraded: [{ busy: { message: x } }] } } }
`;

const blocks = (language: string): readonly string[] =>
  [...DOCUMENTATION.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, block = ""]) => block,
  );

describe("the documentation", () => {
  test.each(blocks("yaml").map((block) => [block.split("\n", 2).join(" "), block]))(
    "%s … works as it stands",
    (_begin, block) => {
      expect(compile(BASE, block).findings).toEqual([]);
    },
  );

  test("has a section and a snippet of every kind", () => {
    const written = blocks("yaml").join("\n");
    for (const kind of PROVIDER_KINDS) {
      expect(DOCUMENTATION).toContain(`\n## ${kind}\n`);
      expect(written).toContain(`kind: ${kind}`);
    }
  });

  test("has permissions in valid JSON, each a statement that allows something named", () => {
    const policies = blocks("json").map((block) => JSON.parse(block));
    expect(policies).toHaveLength(3);
    for (const { Version, Statement } of policies) {
      expect(Version).toBe("2012-10-17");
      for (const { Effect, Action } of Statement) {
        expect(Effect).toBe("Allow");
        expect([Action].flat().every((action) => /^(?:bedrock|sagemaker|sts):\w+$/.test(action))).toBe(true);
      }
    }
  });
});
