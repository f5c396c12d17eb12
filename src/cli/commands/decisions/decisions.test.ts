import { describe, expect, test } from "bun:test";
import { fakeDecision } from "../../fake-decision.ts";
import { fakeProcess } from "../../fake-ports.ts";

describe("decisions list", () => {
  const page = { decisions: [fakeDecision(2), fakeDecision(1, { cost: null })], cursor: "dec_0001" };

  test("a table, newest first, with every attempt in one cell", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(page) });
    expect(await shell.run("decisions", "list")).toBe(0);
    const [head, first, second] = shell.stdout().split("\n");
    expect(head).toStartWith("TIME (UTC)");
    expect(first).toContain("us-east-1:outage → eu-west-1:ok");
    expect(first).toContain("2023-11-14 22:13:22");
    expect(first).toMatch(
      /dec_0002 +support-chat +answered +cross-region +atlas-large +eu-west-1 +402 +0\.000546/,
    );
    expect(second).toContain("unpriced");
    expect(first?.indexOf("us-east-1:")).toBe(second?.indexOf("us-east-1:"));
    expect(shell.stderr()).toContain("--before dec_0001");
  });

  test("options become the query", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(page) });
    const args = ["--limit", "5", "--use-case", "a b", "--outcome", "failed", "--before", "dec_9"];
    expect(await shell.run("decisions", "list", ...args, "--tenant", "t")).toBe(0);
    expect(shell.asked[0]?.path).toBe(
      "/admin/decisions?limit=5&before=dec_9&use_case=a+b&outcome=failed&tenant=t",
    );
  });

  test("--json prints the page as it came and nothing else", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(page) });
    expect(await shell.run("decisions", "list", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual(page);
    expect(shell.stderr()).toBe("");
  });

  test("none is said in words", async () => {
    const shell = fakeProcess({ gateway: () => Response.json({ decisions: [], cursor: null }) });
    expect(await shell.run("decisions", "list")).toBe(0);
    expect(shell.stdout()).toContain("No decisions");
  });

  test.each([
    [
      "a request refused before any call",
      { attempts: [], fault: { kind: "rate_limited", code: "too_many" } },
      "too_many",
    ],
    [
      "a degraded answer",
      { degraded: "template", rung: "degraded", outcome: "degraded" },
      "degraded:template",
    ],
    ["a record that would move the cursor", { useCase: "a\u001b[2Jb" }, "a [2Jb"],
  ] as const)("%s", async (_name, changes, shown) => {
    const decisions = [fakeDecision(1, changes)];
    const shell = fakeProcess({ gateway: () => Response.json({ decisions, cursor: null }) });
    expect(await shell.run("decisions", "list")).toBe(0);
    expect(shell.stdout()).toContain(shown);
    expect(shell.stdout()).not.toContain("\u001b");
  });
});

describe("decisions export", () => {
  /** `times`: what the gateway says of its own. */
  async function run(times: object, ...args: readonly string[]) {
    const pages = [
      { decisions: [fakeDecision(1), fakeDecision(2)], cursor: "dec_0002" },
      { decisions: [fakeDecision(3)], cursor: null },
    ];
    const shell = fakeProcess({
      gateway: ({ path }) =>
        Response.json(path === "/admin/health" ? { ...times, deployments: [] } : pages.shift()),
    });
    expect(await shell.run("decisions", "export", ...args)).toBe(0);
    expect(shell.stdout().trim().split("\n")).toHaveLength(3);
    return { shell, asked: shell.asked.slice(1).map(({ path }) => path) };
  }

  test("goes to the end that the gateway's time says, and an hour ago is by it", async () => {
    const at = 1_700_003_600_000;
    const { asked } = await run({ at }, "--since", "1h", "--tenant", "t");
    const bounds = `limit=500&since=${at - 3_600_000}&until=${at + 1}`;
    expect(asked).toEqual([
      `/admin/decisions?${bounds}&tenant=t`,
      `/admin/decisions?${bounds}&after=dec_0002&tenant=t`,
    ]);
  });

  test("of a gateway that does not say its time it is this machine's", async () => {
    const { shell, asked } = await run({}, "--since", "2023-11-14", "--until", "1h");
    const until = shell.clock.now() - 3_600_000;
    expect(asked[0]).toBe(`/admin/decisions?limit=500&since=1699920000000&until=${until}`);
  });
});

describe("decisions show", () => {
  test("who asked, what was decided, and the attempts in order with waits, classes, tokens and cost", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(fakeDecision(1)) });
    expect(await shell.run("decisions", "show", "dec_0001")).toBe(0);
    expect(shell.asked[0]?.path).toBe("/admin/decisions/dec_0001");
    const drawing = shell.stdout();
    expect(drawing).toContain("key demo · tenant demo · tier premium");
    expect(drawing).toContain("example@0123456789ab · rule default");
    expect(drawing).toMatch(
      /\+2 ms +- +primary +atlas-large-us +us-east-1 .*40 ms.*outage \(http_503\): 503 region is down/,
    );
    expect(drawing).toMatch(
      /\+142 ms +100 ms +cross-region +atlas-large-eu .*━.*260 ms +12\+34 +0\.000546 +ok, first token 90 ms/,
    );
    expect(drawing.indexOf("+2 ms")).toBeLessThan(drawing.indexOf("+142 ms"));
    expect(drawing).toContain("12 in, 34 out");
    expect(drawing).toContain("The request needs vision.");
    expect(drawing).toContain("logprobs");
  });

  test("unpriced is a call that used something, and none that failed before", async () => {
    const [failed, answered] = fakeDecision(1).attempts;
    if (!failed || !answered?.usage) throw new Error("The record has two attempts.");
    const attempts = [
      { ...failed, cost: null },
      { ...failed, cost: null, result: "skipped", skipped: "circuit_open" } as const,
      { ...failed, cost: null, usage: answered.usage },
      { ...answered, cost: null },
    ];
    const shell = fakeProcess({ gateway: () => Response.json(fakeDecision(1, { attempts })) });
    expect(await shell.run("decisions", "show", "dec_0001")).toBe(0);
    const costs = [...shell.stdout().matchAll(/ms +(?:-|12\+34) +(-|unpriced) /g)].map(([, cost]) => cost);
    expect(costs).toEqual(["-", "-", "unpriced", "unpriced"]);
  });

  test("--json prints the record", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(fakeDecision(1)) });
    expect(await shell.run("decisions", "show", "dec_0001", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual(fakeDecision(1));
  });

  test("a record without attempts, or with ones that took no time, can be drawn", async () => {
    for (const changes of [{ attempts: [], durationMs: 0 }, { durationMs: 0 }]) {
      const shell = fakeProcess({ gateway: () => Response.json(fakeDecision(1, changes)) });
      expect(await shell.run("decisions", "show", "dec_0001")).toBe(0);
    }
  });

  test("an unknown id is a negative result; it cannot leave its path", async () => {
    const error = { message: "No decision has this id.", type: "not_found", code: "unknown_decision" };
    const shell = fakeProcess({ gateway: () => Response.json({ error }, { status: 404 }) });
    expect(await shell.run("decisions", "show", "../policy?x")).toBe(1);
    expect(shell.asked[0]?.path).toBe("/admin/decisions/..%2Fpolicy%3Fx");
    expect(shell.stderr()).toContain("No decision has this id.");
  });
});
