import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Validator } from "@cfworker/json-schema";
import { parse } from "yaml";
import { policyJsonSchema } from "./document.ts";

const published = new URL("../../../schemas/policy.schema.json", import.meta.url);

test("the published schema is current; `bun scripts/write-schemas.ts` writes it", () => {
  expect(JSON.parse(readFileSync(published, "utf8"))).toEqual(policyJsonSchema());
});

test("every field of the published schema says what it is for", () => {
  const bare: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === "properties") {
        for (const [name, field] of Object.entries(value)) {
          if (typeof (field as { description?: unknown }).description !== "string")
            bare.push(`${path}.${name}`);
          visit(field, `${path}.${name}`);
        }
      } else visit(value, path);
    }
  };
  visit(policyJsonSchema(), "");
  expect(bare).toEqual([]);
});

test("an editor that uses the published schema accepts the example and refuses a typo", () => {
  const text = readFileSync(new URL("../../../examples/policy.yaml", import.meta.url), "utf8");
  const validator = new Validator(policyJsonSchema(), "2020-12");
  expect(validator.validate(parse(text, { merge: true })).valid).toBe(true);
  const typo = parse(text.replace("latency_tier: interactive", "latency_tier: interactiv"), { merge: true });
  expect(validator.validate(typo).valid).toBe(false);
});
