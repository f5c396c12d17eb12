import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { BASE_POLICY, FAKE_PORTS } from "../../../../policy/fake-policy.ts";
import { judgeHere } from "../judge-here.ts";
import { createJudge, type JudgeQuestion, type JudgeReader } from "./judge.ts";
import type { ToReader } from "./protocol.ts";
import { createTextReader, partsOf } from "./read-texts.ts";

/** Everything crosses as between two processes. */
function fakeReader(): JudgeReader {
  const read = createTextReader();
  return { ask: async (question) => structuredClone(read(structuredClone(question))) };
}

/** Pauses at every step. */
const PAUSES = { now: () => 0, pause: async () => {}, sliceMs: 0 };

function judgeWith(reader: JudgeReader) {
  const failures: unknown[] = [];
  const judge = createJudge({ reader, pauses: PAUSES, onFailed: (thrown) => void failures.push(thrown) });
  return { judge, failures };
}

const EXAMPLE = readFileSync(new URL("../../../../../examples/policy.yaml", import.meta.url), "utf8");
const deployments = Array.from(
  { length: 300 },
  (_, i) => `  many-${i}: { model: large, provider: sim, model_id: m${i}, region: us-east-1 }\n`,
).join("");
const MANY = BASE_POLICY.replace("use_cases:", `${deployments}use_cases:`);
const RULES = Array.from(
  { length: 200 },
  (_, i) => `  - { name: r${i}, match: { tenant: t${i} }, ladder: { primary: small } }\n`,
).join("");

const TEXTS: readonly (readonly [string, readonly string[]])[] = [
  ["the example", [EXAMPLE]],
  ["a small one", [BASE_POLICY]],
  ["many deployments and rules, in parts", [`${MANY}routes:\n${RULES}`]],
  ["an overlay", [BASE_POLICY, "use_cases: { chat: { max_attempts: 2 } }\n"]],
  ["warnings with places", [BASE_POLICY.replace(/\n {6}degraded.*/, "")]],
  ["no YAML", ["version: [1\n"]],
  ["nothing", [""]],
  [
    "unknown keys and names",
    [BASE_POLICY.replace("ladder:", "lader:"), "models: { small: { status: old } }\n"],
  ],
  ["an unknown model", [BASE_POLICY.replace("fallback: [small]", "fallback: [smal]")]],
  [
    "errors everywhere",
    [
      MANY.replaceAll("provider: sim, model_id: m", "provider: sin, model_id: m").replace(
        "[small]",
        "[smal]",
      ),
    ],
  ],
  [
    "a condition that is none",
    [`${BASE_POLICY}routes: [{ name: r, when: 'caller.teir == 1', ladder: { primary: small } }]\n`],
  ],
  [
    "a test that fails",
    [`${BASE_POLICY}tests: [{ name: t, request: { use_case: chat }, expect: { rule: other } }]\n`],
  ],
  ["a secret", [BASE_POLICY.replace("name: test", "name: test\nx-key: sk-ant-REDACTED")]],
];

describe("a process that reads, and slices that compile, come to the same verdict as one stretch", () => {
  test.each(TEXTS)("%s", async (_name, texts) => {
    const sources = texts.map((text, i) => ({ file: `${i}.yaml`, text }));
    const base = judgeHere({
      sources: [{ file: "p", text: BASE_POLICY }],
      before: null,
      ports: FAKE_PORTS,
      tested: true,
    }).built;
    if (!base) throw new Error("the base is valid");
    const before = { texts: [{ file: "p", text: BASE_POLICY }], document: base.document };
    for (const tested of [true, false]) {
      const question = { sources, before, ports: FAKE_PORTS, tested };
      const here = judgeHere(question);
      const { judge, failures } = judgeWith(fakeReader());
      const there = await judge(question);
      expect(failures).toEqual([]);
      expect(there.findings).toEqual(here.findings);
      expect(there.built?.changes).toEqual(here.built?.changes as string[]);
      expect(there.built?.paths).toEqual(here.built?.paths as string[]);
      expect(there.built?.snapshot.version).toBe(here.built?.snapshot.version as string);
      expect(JSON.stringify(there.built?.document)).toBe(JSON.stringify(here.built?.document));
      expect([...(there.built?.snapshot.deployments.keys() ?? [])]).toEqual([
        ...(here.built?.snapshot.deployments.keys() ?? []),
      ]);
    }
  });
});

describe("a reader that fails", () => {
  const question = {
    sources: [{ file: "p", text: BASE_POLICY.replace("[small]", "[smal]") }],
    before: null,
    ports: FAKE_PORTS,
    tested: true,
  };

  test.each([
    ["dies", { ask: () => Promise.reject(new Error("It died.")) }],
    ["says that it failed", { ask: async () => ({ type: "failed" as const, message: "RangeError" }) }],
    ["answers something else", { ask: async () => ({ type: "located" as const, positions: [] }) }],
  ])("%s: the verdict is the same, and the failure is told", async (_name, reader) => {
    const { judge, failures } = judgeWith(reader);
    expect(await judge(question)).toEqual(judgeHere(question));
    expect(failures).toHaveLength(1);
  });

  test("between reading and placing: the findings have their places all the same", async () => {
    const read = createTextReader();
    const { judge } = judgeWith({
      ask: async (asked) => {
        if (asked.type === "locate") throw new Error("It died.");
        return read(asked);
      },
    });
    expect(await judge(question)).toEqual(judgeHere(question));
  });
});

test("what the reader has read is named by its digest; one that has forgotten it is sent the texts", async () => {
  const asked: ToReader[] = [];
  let read = createTextReader();
  const { judge } = judgeWith({
    async ask(question) {
      asked.push(question);
      return read(question);
    },
  });
  const askFor = (text: string, before: JudgeQuestion["before"]) =>
    judge({ sources: [{ file: "p", text }], before, ports: FAKE_PORTS, tested: true });
  const inForce = async (text: string, before: JudgeQuestion["before"]) => {
    const { built } = await askFor(text, before);
    if (!built) throw new Error("it is valid");
    return { texts: [{ file: "p", text }], document: built.document, changes: built.changes };
  };
  const changed = (name: string) => BASE_POLICY.replace("name: test", `name: ${name}`);
  const first = await inForce(changed("one"), null);
  const second = await inForce(changed("two"), first);
  read = createTextReader();
  const third = await inForce(changed("three"), second);
  const sent = asked.map((question) => question.type === "read" && question.before);
  expect(sent).toEqual([null, expect.any(String), expect.any(String), second.texts]);
  const changes = [first, second, third].map((each) => each.changes.length);
  expect(changes).toEqual([0, 1, 1]);
});

test("questions are answered one after the other: places belong to the text that was read last", async () => {
  const { judge } = judgeWith(fakeReader());
  const texts = [BASE_POLICY, `\n\n${BASE_POLICY}`].map((text) => text.replace("[small]", "[smal]"));
  const lines = await Promise.all(
    texts.map(async (text) => {
      const judged = await judge({
        sources: [{ file: "p", text }],
        before: null,
        ports: FAKE_PORTS,
        tested: true,
      });
      return judged.findings[0]?.line;
    }),
  );
  expect(lines).toEqual([17, 19]);
});

test("a document in parts is the document", () => {
  const { built } = judgeHere({
    sources: [{ file: "p", text: MANY }],
    before: null,
    ports: FAKE_PORTS,
    tested: true,
  });
  if (!built) throw new Error("it is valid");
  const parts = partsOf(built.document);
  expect(parts.filter(({ key }) => key === "deployments").length).toBeGreaterThan(4);
  expect(Math.max(...parts.map(({ json }) => json.length))).toBeLessThan(32_000);
});
