import { expect, test } from "bun:test";
import { CostAccount } from "./account-costs.ts";
import { buildReport } from "./build-report.ts";
import { DRILL, prepared } from "./fake-drill.ts";
import { renderHtml } from "./render-html.ts";
import { Tally } from "./tally.ts";

function report() {
  const text = `${DRILL}description: Less < more & "quoted" <script>alert(1)</script>.\n`.replace(
    "name: gone",
    "name: '<b>gone</b>'",
  );
  const drill = prepared(text);
  const tally = new Tally();
  tally.sent = 20;
  for (let second = 0; second < 20; second++) {
    const failed = second === 7;
    tally.add(
      {
        useCase: "chat",
        ending: failed ? "failed" : "answered",
        rung: failed ? null : "primary",
        region: null,
        attempts: 1,
        code: failed ? "<i>" : null,
        latencyMs: 100,
        firstTokenMs: 40,
        late: false,
        lagMs: 0,
      },
      second * 1000,
      second * 1000 + 100,
    );
  }
  return buildReport(drill, {
    startedAt: 1_700_000_000_000,
    lastedMs: 20_000,
    stopped: null,
    tally,
    account: new CostAccount(drill.prices),
    lanes: new Map([["large-us", [{ atMs: 5400, state: "open", reason: "failures" }]]]),
    upstream: { calls: { "large-us": 22 }, struck: { status: 5 } },
  });
}

test("the page needs nothing from anywhere and runs nothing", () => {
  const page = renderHtml(report());
  expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|https?:|src=|href=/i);
  expect(page).toContain("prefers-color-scheme: dark");
  expect(page).toContain("</html>");
});

test("whatever came from a file is text on it", () => {
  const page = renderHtml(report());
  expect(page).toContain("Less &lt; more &amp; &quot;quoted&quot; &lt;script&gt;");
  expect(page).toContain("&lt;b&gt;gone&lt;/b&gt;");
  expect(page).not.toContain("<i>");
});

test("the timeline has a bar for each second, a band for each fault and a lane for each circuit that moved", () => {
  const page = renderHtml(report());
  expect(page.match(/<title>second \d+: 1 primary/g)).toHaveLength(19);
  expect(page).toContain("<title>second 7: 1 failed");
  expect(page).toContain("(status 503): 5 s to 10 s</title>");
  expect(page).toContain("<title>large-us open: 5.4 s to 20 s</title>");
});

test("no two marks look alike, and those of one hue or lightness differ by a pattern", () => {
  const page = renderHtml(report());
  const legend = [...page.matchAll(/class="mark".*?fill="([^"]+)"/g)].map(([, fill]) => fill);
  expect(legend).toHaveLength(10);
  expect(new Set(legend).size).toBe(10);
  for (const fill of legend) {
    const id = /^url\(#(.*)\)$/.exec(fill ?? "")?.[1];
    if (id !== undefined) expect(page).toContain(`<pattern id="${id}"`);
  }
});

test("what is wider than a telephone can be moved: the timeline keeps a size to be read, each table its columns", () => {
  const page = renderHtml(report());
  expect(page).toMatch(/\.timeline \{[^}]*min-width: 900px/);
  const wide = page.match(/<table>|<svg class="timeline"/g) ?? [];
  expect(wide).toHaveLength(4);
  expect(page.match(/<div class="scroll">(?:<table>|<svg class="timeline")/g)).toHaveLength(wide.length);
});

test("an objective's long name goes on in the next line before it pushes its figures off a narrow screen", () => {
  const page = renderHtml({
    ...report(),
    checks: [{ name: "wrong_<answers", pass: true, wanted: "≤ 0", measured: 0 }],
  });
  expect(page).toContain("<td>wrong_<wbr>&lt;answers</td>");
});

test("the report counts what callers saw and what it cost upstream", () => {
  expect(report()).toMatchObject({
    pass: true,
    requests: 20,
    availability: 0.95,
    amplification: 1.1,
    by_rung: { primary: 19, none: 1 },
    errors: { "<i>": 1 },
    opened_s: 0.4,
    recovered_s: null,
  });
});
