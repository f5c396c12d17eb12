import { describe, expect, test } from "bun:test";
import { fakeProcess } from "../../fake-ports.ts";

const TICKET = {
  id: "tkt_1",
  at: 1_700_000_000_000,
  queue: "desk",
  tenant: "acme",
  use_case: "support-chat",
  status: "open",
  claimed_by: null,
  lease_until: null,
  ended_by: null,
  ended_at: null,
  delivery: null,
  deliveries: 0,
  request_id: "req_1",
  decision_id: "dec_1",
};
const WHOLE = { ...TICKET, prompt: "Where is it?\nI wait\u001b[2J.", answer: null };

describe("tickets list", () => {
  test("a table, and the cursor of the next page", async () => {
    const shell = fakeProcess({ gateway: () => Response.json({ tickets: [TICKET], cursor: "tkt_1" }) });
    expect(await shell.run("tickets", "list", "--status", "open", "--queue", "desk")).toBe(0);
    expect(shell.asked[0]?.path).toBe("/admin/tickets?limit=20&status=open&queue=desk");
    expect(shell.stdout()).toMatch(/2023-11-14 22:13:20 +tkt_1 +desk +acme +support-chat +open/);
    expect(shell.stderr()).toContain("--before tkt_1");
  });

  test("none is said in words, and --json prints the page as it came", async () => {
    const empty = { tickets: [], cursor: null };
    const shell = fakeProcess({ gateway: () => Response.json(empty) });
    expect(await shell.run("tickets", "list")).toBe(0);
    expect(shell.stdout()).toContain("No tickets");
    const json = fakeProcess({ gateway: () => Response.json(empty) });
    expect(await json.run("tickets", "list", "--json")).toBe(0);
    expect(JSON.parse(json.stdout())).toEqual(empty);
  });

  test("a status that there is none of is wrong usage", async () => {
    expect(await fakeProcess().run("tickets", "list", "--status", "lost")).toBe(2);
  });
});

describe("one ticket", () => {
  test("show prints what the user wrote, line by line, without what steers a terminal", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(WHOLE) });
    expect(await shell.run("tickets", "show", "tkt_1")).toBe(0);
    expect(shell.asked[0]).toMatchObject({ method: "GET", path: "/admin/tickets/tkt_1" });
    expect(shell.stdout()).toContain("The user wrote:\n  Where is it?\n  I wait [2J.");
  });

  test("a text that is not kept is said so", async () => {
    const shell = fakeProcess({ gateway: () => Response.json({ ...WHOLE, prompt: null }) });
    expect(await shell.run("tickets", "show", "tkt_1")).toBe(0);
    expect(shell.stdout()).toContain("not kept");
  });

  test.each<[string[], string, unknown]>([
    [["claim", "tkt_1", "--lease", "30m"], "claim", { lease_seconds: 1800 }],
    [["claim", "tkt_1"], "claim", { lease_seconds: 900 }],
    [["answer", "tkt_1", "Soon."], "answer", { answer: "Soon." }],
    [["answer", "tkt_1", "-"], "answer", { answer: "From a file." }],
    [["close", "tkt_1"], "close", {}],
  ])("%j", async (args, verb, body) => {
    const shell = fakeProcess({ gateway: () => Response.json(WHOLE), stdin: "From a file." });
    expect(await shell.run("tickets", ...args)).toBe(0);
    expect(shell.asked[0]).toMatchObject({ method: "POST", path: `/admin/tickets/tkt_1/${verb}`, body });
  });

  test.each([
    [404, "unknown_ticket"],
    [400, "ticket_not_open"],
  ])("%i %s is a negative result", async (status, code) => {
    const error = { message: "No.", type: "invalid", code };
    const shell = fakeProcess({ gateway: () => Response.json({ error }, { status }) });
    expect(await shell.run("tickets", "claim", "../x")).toBe(1);
    expect(shell.asked[0]?.path).toBe("/admin/tickets/..%2Fx/claim");
  });
});
