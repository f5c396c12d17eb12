import { describe, expect, test } from "bun:test";
import { DRILL, prepared } from "./fake-drill.ts";
import { type Figures, judge } from "./judge.ts";

const WELL: Figures = {
  requests: 200,
  unsent: 0,
  availability: 1,
  degraded_share: 0,
  truncated_as_complete: 0,
  wrong_answers: 0,
  hung: 0,
  unexplained: 0,
  late: 0,
  by_use_case: { chat: { requests: 200, availability: 1 } },
  p50_ms: 100,
  p99_ms: 300,
  first_token_p99_ms: 80,
  amplification: 1.1,
  upstream_calls: { "large-us": 20, "large-eu": 200 },
  faults_struck: { status: 12 },
  extra_cost: 0.02,
  opened_s: 0.4,
  recovered_s: 4,
};

const SLO = `slo:
  availability: 0.999
  degraded_share: 0.1
  p50_ms: 200
  p99_ms: 500
  first_token_p99_ms: 100
  amplification: 1.2
  extra_cost: 0.1
  unexplained: 0
  late: 0
  use_cases: { chat: { availability: 0.99 } }
  upstream_share: { large-us: 0.2 }
  open_within: 2s
  recover_within: 10s
`;
const drill = prepared(DRILL + SLO);
const broken = (figures: Partial<Figures>) =>
  judge(drill, { ...WELL, ...figures })
    .filter(({ pass }) => !pass)
    .map(({ name }) => name);

test("what holds passes, each objective once and by its name in the file", () => {
  const checks = judge(drill, WELL);
  expect(checks.every(({ pass }) => pass)).toBe(true);
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  expect(checks).toContainEqual({ name: "open_within", pass: true, wanted: "≤ 2", measured: 0.4 });
});

describe("what does not hold", () => {
  test.each<[string, Partial<Figures>]>([
    ["availability", { availability: 0.998 }],
    ["degraded_share", { degraded_share: 0.11 }],
    ["p99_ms", { p99_ms: 501 }],
    ["first_token_p99_ms", { first_token_p99_ms: 101 }],
    ["amplification", { amplification: 1.21 }],
    ["extra_cost", { extra_cost: 0.2 }],
    ["unexplained", { unexplained: 1 }],
    ["late", { late: 1 }],
    ["truncated_as_complete", { truncated_as_complete: 1 }],
    ["wrong_answers", { wrong_answers: 1 }],
    ["hung", { hung: 1 }],
    ["unsent", { unsent: 1 }],
    ["requests", { requests: 0 }],
    ["use_cases.chat.availability", { by_use_case: { chat: { requests: 9, availability: 0.5 } } }],
    ["use_cases.chat.availability", { by_use_case: {} }],
    ["upstream_share.large-us", { upstream_calls: { "large-us": 100, "large-eu": 100 } }],
    ["open_within", { opened_s: 2.1 }],
    ["open_within", { opened_s: null }],
    ["recover_within", { recovered_s: null }],
    ["p99_ms", { p99_ms: null }],
    ["faults_struck", { faults_struck: {} }],
  ])("%s", (name, figures) => {
    expect(broken(figures)).toEqual([name]);
  });
});

test("a fault that never began has struck nobody", () => {
  const never = { ...drill, faults: drill.faults.map((fault) => ({ ...fault, bands: [] })) };
  const checks = judge(never, { ...WELL, faults_struck: {} });
  expect(checks.find(({ name }) => name === "faults_struck")).toMatchObject({ pass: false, measured: 0 });
});

test("truncated answers and hanging requests are judged without being asked for", () => {
  const names = judge(prepared(), WELL).map(({ name }) => name);
  expect(names).toEqual([
    "requests",
    "unsent",
    "truncated_as_complete",
    "wrong_answers",
    "hung",
    "faults_struck",
  ]);
});
