import { beforeEach, describe, expect, test } from "bun:test";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { fakeProcess, refuseConnection } from "../fake-ports.ts";
import { EXAMPLE_POLICY } from "../packaged.ts";

const scratch = createScratch();
let cwd = "";
beforeEach(async () => {
  cwd = scratch.folder();
  await copyFile(EXAMPLE_POLICY, join(cwd, "pointsman.yaml"));
});

const CHAT = ["--use-case", "support-chat"] as const;
const LONG = "Please tell me where my parcel is; I ordered it three weeks ago. ".repeat(10);

describe("explain, locally", () => {
  test("draws rules, rungs in order, cost, deadline and ceiling, and calls nothing", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("explain", LONG, ...CHAT)).toBe(0);
    const drawing = shell.stdout();
    const order = [
      "primary",
      "us-east-1",
      "cross-region",
      "eu-west-1",
      "fallback",
      "nimbus-large",
      "degraded",
    ];
    const ladder = drawing.slice(drawing.indexOf("Ladder"));
    const places = order.map((word) => ladder.indexOf(word));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(ladder).toContain("20 s for all · 3 calls at most · ceiling $0.05");
    expect(ladder).toMatch(/atlas-large-us +us-east-1 +sim +at most \$0\.\d+/);
    expect(drawing).toMatch(/✗ +free-tier +caller\.tier == "free"/);
    expect(drawing).toMatch(/✓ +default/);
    expect(shell.asked).toEqual([]);
  });

  test("--tier reaches the rules; later rules are not asked", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("explain", "Hey", ...CHAT, "--tier", "free")).toBe(0);
    expect(shell.stdout()).toMatch(/✓ +free-tier/);
    expect(shell.stdout()).toMatch(/– +hello-goes-small/);
  });

  test("--json prints the explanation; caller and stream are those given", async () => {
    const policy = join(cwd, "rules.yaml");
    const when = 'caller.key == "k" && caller.tenant == "t" && caller.role == "admin" && request.stream';
    const text = await Bun.file(EXAMPLE_POLICY).text();
    await writeFile(policy, text.replace(/when: caller\.tier == "free"/, `when: '${when}'`));
    const args = ["explain", LONG, ...CHAT, "--policy", "rules.yaml", "--json"];
    const all = ["--key", "k", "--tenant", "t", "--role", "admin", "--stream"];
    const ruleOf = async (...more: readonly string[]) => {
      const shell = fakeProcess({ cwd });
      expect(await shell.run(...args, ...more)).toBe(0);
      return JSON.parse(shell.stdout()).rule;
    };
    expect(await ruleOf(...all)).toBe("free-tier");
    expect(await ruleOf(...all.slice(0, -1))).toBe("default");
    expect(await ruleOf(...all.slice(2))).toBe("default");
  });

  describe("of a request that is too long", () => {
    const LONGER = `version: 1
name: long
providers: { sim: { kind: simulator } }
models:
  small: { context_window: 400, max_output_tokens: 100, prices: { input: 1, output: 2 } }
  large: { context_window: 9000, max_output_tokens: 100, prices: { input: 3, output: 15 } }
deployments:
  small-us: { model: small, provider: sim, model_id: s, region: us-east-1 }
  large-us: { model: large, provider: sim, model_id: l, region: us-west-2 }
use_cases:
  cut: { on_overflow: [truncate_oldest], ladder: { primary: small } }
  summed: { on_overflow: [{ summarize: { model: large } }, fail], ladder: { primary: small } }
  whole: { on_overflow: [truncate_oldest, larger_model], ladder: { primary: small, fallback: [large] } }
`;
    const turn = (role: string) => ({ role, content: "A word or two about the parcel. ".repeat(11) });
    const TURNS = [turn("user"), turn("assistant"), turn("user"), turn("assistant"), turn("user")];

    async function long(useCase: string, messages: readonly object[], ...more: readonly string[]) {
      await writeFile(join(cwd, "long.yaml"), LONGER);
      const shell = fakeProcess({ cwd, stdin: JSON.stringify({ messages }) });
      const args = ["--body", "-", "--policy", "long.yaml", "--use-case", useCase, ...more];
      return { code: await shell.run("explain", ...args), out: shell.stdout() };
    }

    test("draws what would be left out, what remains and who answers", async () => {
      const { code, out } = await long("cut", TURNS);
      expect(code).toBe(0);
      expect(out).toMatch(/Too long {2}5 messages, about \d+ tokens, for small-us \(room for 300 tokens\)/);
      expect(out).toMatch(/truncated: left out are 2 messages of 5 \(1–2\), about \d+ tokens/);
      expect(out).toMatch(/what remains: 3 messages, about \d+ tokens\n {4}answered by small-us \(primary\)/);
      expect(out).toMatch(/1 primary +small\n +small-us +us-east-1/);
    });

    test("is drawn within a terminal's width, and in whole parts", async () => {
      const far = ["eu-west-1", "eu-central-1", "ap-southeast-2"];
      const more = far.map(
        (at) => `  small-in-${at}: { model: small, provider: sim, model_id: s, region: ${at} }\n`,
      );
      const text = LONGER.replace("use_cases:\n", `${more.join("")}use_cases:\n`);
      await writeFile(join(cwd, "wide.yaml"), text);
      const stdin = JSON.stringify({ messages: TURNS });
      const shell = fakeProcess({ cwd, stdin, isTty: true, columns: 80 });
      const args = ["--body", "-", "--policy", "wide.yaml", "--use-case", "summed"];
      expect(await shell.run("explain", ...args)).toBe(0);
      const drawn = Bun.stripANSI(shell.stdout());
      const wide = drawn.split("\n").filter((line) => line.length > 80);
      expect(wide.filter((line) => !line.includes("refused: "))).toEqual([]);
      expect(drawn).toMatch(/tokens, for small-us \(room for 300 tokens\),\n {10}small-in-eu-west-1 \(/);
    });

    test("draws who would sum up, for how much, that nobody knows how it ends, and what comes then", async () => {
      const { code, out } = await long("summed", TURNS);
      expect(code).toBe(0);
      expect(out).toMatch(
        /summed up by large-us in us-west-2: \d+ tokens in, 36 out at most, at most \$0\.\d+/,
      );
      expect(out).toContain("whether that goes well is not known before it is asked");
      expect(out).toMatch(
        /should the summary fail:\n {2}– summarize: there is no summary\n {2}refused: The request/,
      );
    });

    test("draws why a measure is passed over, and a refusal ends with 1", async () => {
      const single = [{ role: "system", content: "Be kind." }, turn("user"), turn("user"), turn("user")];
      const huge = [{ role: "user", content: "A word. ".repeat(300) }];
      const moved = await long("whole", huge);
      expect(moved.out).toMatch(
        /– truncate_oldest: it cannot be shortened so far\n {2}larger_model: it goes on whole/,
      );
      expect(moved.out).toContain("answered by large-us (fallback)");
      expect((await long("cut", single)).code).toBe(0);
      const refused = await long("cut", huge);
      expect(refused.code).toBe(1);
      expect(refused.out).toContain("Nothing can answer: The request has about");
    });

    test("--json has the same", async () => {
      const { out } = await long("summed", TURNS, "--json");
      expect(JSON.parse(out).overflow).toMatchObject({
        how: "summarized",
        messages: 5,
        tooLongFor: [{ deployment: "small-us", room: 300 }],
        leftOut: { messages: [0, 1, 2, 3].map((index) => ({ index })) },
        remains: { messages: 2, tokens: 300 },
        summary: { model: "large", deployment: "large-us", estimatedOutputTokens: 36 },
        first: { rung: "primary", deployment: "small-us" },
        fault: null,
        withoutSummary: [{ how: "refused", fault: { code: "context_length_exceeded" } }],
      });
    });
  });

  test("a prompt for a use case of vectors is a text to embed, and so is a body with input", async () => {
    const prompted = fakeProcess({ cwd });
    expect(await prompted.run("explain", "Parcels", "--use-case", "search-vectors")).toBe(0);
    expect(prompted.stdout()).toMatch(/needs embeddings/);
    const stdin = JSON.stringify({ model: "search-vectors", input: ["Parcels", "Letters"] });
    const sent = fakeProcess({ cwd, stdin });
    expect(await sent.run("explain", "--body", "-")).toBe(0);
    expect(sent.stdout()).toMatch(/primary .*lexis-embed/);
  });

  test("refused candidates are drawn with constraint and reason", async () => {
    const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
    const body = { model: "support-chat", messages: [{ role: "user", content: [image] }] };
    const shell = fakeProcess({ cwd, stdin: JSON.stringify(body) });
    expect(await shell.run("explain", "--body", "-", "--tier", "free")).toBe(0);
    expect(shell.stdout()).toMatch(/✗ +nimbus-small-eu +primary +capability +\S/);
    expect(shell.stdout()).toContain("needs vision");
  });

  test("nothing that can answer is a negative result", async () => {
    const text = await Bun.file(EXAMPLE_POLICY).text();
    const credential = "kind: openai, credential: { env: NOT_SET_ANYWHERE }";
    const unarmed = text
      .replaceAll(/kind: simulator[^}]*\}/g, `${credential} }`)
      .replace(/degraded: # then words[\s\S]*?\n\n/, "degraded: []\n\n");
    await writeFile(join(cwd, "unarmed.yaml"), unarmed);
    const shell = fakeProcess({ cwd });
    const code = await shell.run("explain", LONG, ...CHAT, "--policy", "unarmed.yaml");
    expect(shell.stdout()).toContain("Nothing can answer");
    expect(shell.stdout()).toContain("NOT_SET_ANYWHERE");
    expect(code).toBe(1);
  });

  test("--body reads a file, and --use-case goes over its model", async () => {
    const body = { model: "eu-assistant", messages: [{ role: "user", content: "Hey" }] };
    await writeFile(join(cwd, "body.json"), JSON.stringify(body));
    const plain = fakeProcess({ cwd });
    expect(await plain.run("explain", "--body", "body.json")).toBe(0);
    expect(plain.stdout()).toContain("eu-assistant");
    const other = fakeProcess({ cwd });
    expect(await other.run("explain", "--body", "body.json", ...CHAT)).toBe(0);
    expect(other.stdout()).toContain("Use case  support-chat");
  });

  test.each([
    ["an unknown use case", ["Hey", "--use-case", "suport-chat"], 1, 'Did you mean "support-chat"?'],
    ["no use case", ["Hey"], 2, "support-chat, invoice-extraction, search-vectors, eu-assistant"],
    ["a use case given as the prompt", ["suport-chat"], 2, "Did you mean --use-case support-chat?"],
    ["prompt and body", ["Hey", "--body", "x.json"], 2, "Give one of them"],
    ["a body that is not there", ["--body", "gone.json"], 2, "There is no file gone.json"],
    ["a policy that is not there", ["Hey", "--policy", "gone.yaml"], 2, "pointsman init"],
  ])("%s", async (_name, args, exitCode, said) => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("explain", ...args)).toBe(exitCode);
    expect(shell.stderr()).toContain(said);
  });

  test.each([
    ["not JSON", "{", 2, "not valid JSON"],
    ["a list", "[]", 2, "no JSON object"],
    ["no message", '{"messages":[]}', 1, "messages"],
  ])("a body that is %s", async (_name, stdin, exitCode, said) => {
    const shell = fakeProcess({ cwd, stdin });
    expect(await shell.run("explain", "--body", "-", ...CHAT)).toBe(exitCode);
    expect(shell.stderr()).toContain(said);
  });

  test("a refused request is JSON too under --json", async () => {
    const shell = fakeProcess({ cwd });
    expect(await shell.run("explain", "Hey", "--use-case", "nope", "--json")).toBe(1);
    expect(JSON.parse(shell.stdout()).error).toMatchObject({ type: "not_found", param: "model" });
  });

  test("a bad policy is drawn with its findings", async () => {
    await writeFile(join(cwd, "bad.yaml"), "version: 1\nname: 7\n");
    const shell = fakeProcess({ cwd });
    expect(await shell.run("explain", "Hey", "--policy", "bad.yaml")).toBe(1);
    expect(shell.stderr()).toContain("bad.yaml:2:7 error");
    expect(shell.stdout()).toBe("");
  });
});

describe("explain --url", () => {
  const ask = ["explain", "Hey", ...CHAT, "--tier", "free", "--url", "http://gw:1/base/"];

  /** What the engine itself says, as a gateway would send it. */
  async function recorded(): Promise<string> {
    const local = fakeProcess({ cwd });
    await local.run("explain", "Hey", ...CHAT, "--tier", "free", "--json");
    return local.stdout();
  }

  test("asks the gateway with the request and the caller, and draws its answer", async () => {
    const answer = await recorded();
    const shell = fakeProcess({ gateway: () => new Response(answer) });
    expect(await shell.run(...ask, "--api-key", "pm_x")).toBe(0);
    expect(shell.asked).toEqual([
      {
        method: "POST",
        path: "/base/admin/explain",
        url: "http://gw:1/base/admin/explain",
        authorization: "Bearer pm_x",
        body: {
          request: { model: "support-chat", prompt: "Hey" },
          caller: { tier: "free" },
        },
      },
    ]);
    expect(shell.stdout()).toMatch(/✓ +free-tier/);
  });

  test("--json prints the gateway's own answer, fields this version does not know included", async () => {
    const answer = { ...JSON.parse(await recorded()), later: "field" };
    const shell = fakeProcess({ gateway: () => Response.json(answer) });
    expect(await shell.run(...ask, "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual(answer);
  });

  test("a deployment that is not healthy now is marked", async () => {
    const answer = JSON.parse(await recorded());
    answer.ladder[0].candidates[0].healthy = false;
    const shell = fakeProcess({ gateway: () => Response.json(answer) });
    expect(await shell.run(...ask)).toBe(0);
    expect(shell.stdout()).toContain("not healthy now");
  });

  test.each([
    ["the request is at fault", 404, "model_not_found", 1],
    ["the request does not fit", 400, "invalid_value", 1],
    ["the key may not ask", 403, "role_required", 3],
  ])("%s", async (_name, status, code, exitCode) => {
    const shell = fakeProcess({
      gateway: () => Response.json({ error: { message: "Not so.", type: "x", code } }, { status }),
    });
    expect(await shell.run(...ask)).toBe(exitCode);
    expect(shell.stderr()).toContain("Not so.");
  });

  test("needs a use case, since it cannot see the policy", async () => {
    const shell = fakeProcess({ gateway: refuseConnection });
    expect(await shell.run("explain", "Hey", "--url", "http://gw:1")).toBe(2);
    expect(shell.asked).toEqual([]);
  });
});
