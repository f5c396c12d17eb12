import { describe, expect, test } from "bun:test";
import type { Decision } from "../../../core/decision.ts";
import { fakeDecision } from "../../fake-decision.ts";
import { type Asked, fakeProcess, refuseConnection } from "../../fake-ports.ts";

/** Answers as the gateway does, in the order of writing: `after` oldest first, else newest first. */
function logOf(written: readonly Decision[]) {
  return ({ path }: Asked): Response => {
    const query = new URL(path, "http://x").searchParams;
    const after = query.get("after");
    const limit = Number(query.get("limit"));
    const at = written.findIndex(({ id }) => id === after);
    const found = after === null ? written.toReversed() : written.slice(at + 1);
    const decisions = found.slice(0, limit);
    return Response.json({ decisions, cursor: found.length > limit ? (decisions.at(-1)?.id ?? null) : null });
  };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => fakeDecision(i + 1));
const idsIn = (text: string) => text.match(/dec_\d+/g) ?? [];

describe("decisions tail", () => {
  test("begins with the latest, oldest of them first, and ends after --count lines", async () => {
    const shell = fakeProcess({ gateway: logOf(many(5)) });
    expect(await shell.run("decisions", "tail", "--limit", "3", "--count", "2")).toBe(0);
    expect(idsIn(shell.stdout())).toEqual(["dec_0003", "dec_0004"]);
    expect(shell.stdout().split("\n")[0]).toMatch(
      /^22:13:23\.000 .*answered.*us-east-1:outage → eu-west-1:ok$/,
    );
  });

  test("follows every 500 ms by cursor until the signal, a slow request that ends late included", async () => {
    const written = [fakeDecision(1), fakeDecision(3)];
    const stop = new AbortController();
    const shell = fakeProcess({ gateway: logOf(written), signal: stop.signal });
    const running = shell.run("decisions", "tail");
    await shell.clock.advance(0);
    expect(idsIn(shell.stdout())).toEqual(["dec_0001", "dec_0003"]);
    written.push(fakeDecision(4));
    await shell.clock.advance(499);
    expect(shell.asked).toHaveLength(1);
    await shell.clock.advance(1);
    written.push(fakeDecision(2));
    await shell.clock.advance(500);
    await shell.clock.advance(500);
    expect(idsIn(shell.stdout())).toEqual(["dec_0001", "dec_0003", "dec_0004", "dec_0002"]);
    expect(shell.asked[1]?.path).toBe("/admin/decisions?limit=500&after=dec_0003");
    expect(shell.asked).toHaveLength(4);
    stop.abort();
    expect(await running).toBe(0);
    expect(shell.clock.pending).toBe(0);
  });

  test("catches up with a flood without waiting", async () => {
    const written = [fakeDecision(1)];
    const shell = fakeProcess({ gateway: logOf(written) });
    const running = shell.run("decisions", "tail", "--count", "1301", "--json");
    await shell.clock.advance(0);
    written.push(...many(1301).slice(1));
    await shell.clock.advance(500);
    expect(await running).toBe(0);
    expect(new Set(idsIn(shell.stdout())).size).toBe(1301);
  });

  test("--json prints a record a line", async () => {
    const shell = fakeProcess({ gateway: logOf(many(2)) });
    expect(await shell.run("decisions", "tail", "--count", "2", "--json")).toBe(0);
    const lines = shell.stdout().trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(many(2));
  });

  test("filters reach the gateway with every question", async () => {
    const shell = fakeProcess({ gateway: logOf(many(1)) });
    await shell.run(
      "decisions",
      "tail",
      "--count",
      "1",
      "--outcome",
      "answered",
      "--use-case",
      "support-chat",
    );
    expect(shell.asked[0]?.path).toContain("use_case=support-chat&outcome=answered");
  });

  test("an empty log is waited at", async () => {
    const written: Decision[] = [];
    const shell = fakeProcess({ gateway: logOf(written) });
    const running = shell.run("decisions", "tail", "--count", "1");
    await shell.clock.advance(2000);
    written.push(fakeDecision(1));
    await shell.clock.advance(500);
    expect(await running).toBe(0);
    expect(idsIn(shell.stdout())).toEqual(["dec_0001"]);
  });

  test("a gateway that is not there at all is said at once", async () => {
    const shell = fakeProcess();
    expect(await shell.run("decisions", "tail")).toBe(3);
    expect(shell.stderr()).toContain("`pointsman up`");
  });

  test("one that restarts is waited for, with one remark", async () => {
    let isAway = false;
    const written = [fakeDecision(1)];
    const shell = fakeProcess({ gateway: (asked) => (isAway ? refuseConnection() : logOf(written)(asked)) });
    const running = shell.run("decisions", "tail", "--count", "2");
    await shell.clock.advance(500);
    isAway = true;
    await shell.clock.advance(20_000);
    isAway = false;
    written.push(fakeDecision(2));
    await shell.clock.advance(500);
    expect(await running).toBe(0);
    expect(shell.stderr().match(/waiting for it/g)).toHaveLength(1);
    expect(idsIn(shell.stdout())).toEqual(["dec_0001", "dec_0002"]);
  });

  test("one that stays away is given up on after half a minute", async () => {
    let isAway = false;
    const shell = fakeProcess({ gateway: (asked) => (isAway ? refuseConnection() : logOf(many(1))(asked)) });
    const running = shell.run("decisions", "tail");
    await shell.clock.advance(100);
    isAway = true;
    await shell.clock.advance(31_000);
    expect(await running).toBe(3);
    expect(shell.clock.pending).toBe(0);
  });

  test("a key that is withdrawn ends it", async () => {
    let isOpen = true;
    const error = { message: "The key is not known.", type: "unauthenticated", code: "invalid_api_key" };
    const shell = fakeProcess({
      gateway: (asked) => (isOpen ? logOf(many(1))(asked) : Response.json({ error }, { status: 401 })),
    });
    const running = shell.run("decisions", "tail");
    await shell.clock.advance(100);
    isOpen = false;
    await shell.clock.advance(500);
    expect(await running).toBe(3);
    expect(shell.stderr()).toContain("The key is not known.");
  });
});
