import { describe, expect, test } from "bun:test";
import type { PolicyStatus } from "../../../control/policy/in-force/policy-control.ts";
import type { Activation } from "../../../store/activation-store.ts";
import { fakeProcess } from "../../fake-ports.ts";

const FINDING = {
  file: "p.yaml",
  line: 3,
  column: 5,
  severity: "error",
  code: "unknown_model",
  message: 'There is no model "x".',
  fix: 'Did you mean "y"?',
  path: "deployments.a.model",
} as const;

function status(changes: Partial<PolicyStatus> = {}): PolicyStatus {
  return {
    version: "example@0123456789ab",
    environment: "prod",
    activatedAt: 1_700_000_000_000,
    files: ["p.yaml", "p.prod.yaml"],
    warnings: [{ ...FINDING, severity: "warning", code: "unpriced_model" }],
    refused: null,
    ...changes,
  };
}

describe("policy status", () => {
  test("version, since when, from which files, warnings", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(status()) });
    expect(await shell.run("policy", "status")).toBe(0);
    expect(shell.asked[0]?.path).toBe("/admin/policy");
    for (const part of ["example@0123456789ab", "2023-11-14 22:13:20 UTC", "p.yaml + p.prod.yaml", "prod"]) {
      expect(shell.stdout()).toContain(part);
    }
    expect(shell.stdout()).toContain("p.yaml:3:5 warning unpriced_model");
  });

  test("a newer text that was refused is shown with its fix, exit code 1", async () => {
    const refused = { at: 1_700_000_060_000, findings: [FINDING] };
    const shell = fakeProcess({ gateway: () => Response.json(status({ refused })) });
    expect(await shell.run("policy", "status")).toBe(1);
    expect(shell.stdout()).toContain("refused at 2023-11-14 22:14:20 UTC, 1 finding");
    expect(shell.stdout()).toContain('p.yaml:3:5 error unknown_model There is no model "x".');
    expect(shell.stdout()).toContain('fix: Did you mean "y"?');
  });

  test("where it comes from, whether that answers, and what a rollback holds back", async () => {
    const source = {
      kind: "https",
      address: "https://policies.example/policy.yaml",
      ok: true,
      lastOkAt: 1_700_000_000_000,
      lastError: null,
      failures: 0,
      revision: null,
    } as const;
    const well = fakeProcess({ gateway: () => Response.json(status({ source, pinned: null })) });
    expect(await well.run("policy", "status")).toBe(0);
    expect(well.stdout()).toContain("Source       https, answers");
    expect(well.stdout()).not.toContain("Pinned");
    const lastError = { at: 1_700_000_060_000, message: "It answered with status 502." };
    const pinned = { version: "example@0123456789ab", at: 1_700_000_000_000, actor: "ops", note: "INC-1" };
    const silent = { ...source, ok: false, lastError };
    const ill = fakeProcess({ gateway: () => Response.json(status({ source: silent, pinned })) });
    // The policy in force is as good as it was: a silent source is no reason to fail a check of it.
    expect(await ill.run("policy", "status")).toBe(0);
    expect(ill.stdout()).toContain(
      "https, silent since 2023-11-14 22:13:20 UTC: It answered with status 502.",
    );
    expect(ill.stdout()).toContain(
      "Pinned       by ops at 2023-11-14 22:13:20 UTC: INC-1; `policy unpin` ends it",
    );
  });

  test("--json prints it as it came", async () => {
    const shell = fakeProcess({ gateway: () => Response.json(status()) });
    expect(await shell.run("policy", "status", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual({ ...status() });
  });
});

describe("policy history", () => {
  const act = (changes: Partial<Activation>): Activation => ({
    id: "act_1",
    at: 1_700_000_000_000,
    actor: "file",
    source: "p.yaml",
    result: "activated",
    version: "example@0123456789ab",
    previousVersion: null,
    changes: [],
    findings: [],
    ...changes,
  });
  const activations = [
    act({ result: "refused", version: null, findings: ["p.yaml:3:5 There is no model."] }),
    act({ changes: ["a.b", "a.c", "d", "e", "f"] }),
  ];

  test("a table: what was refused and why, what changed", async () => {
    const shell = fakeProcess({ gateway: () => Response.json({ activations }) });
    expect(await shell.run("policy", "history")).toBe(0);
    const [, first, second] = shell.stdout().split("\n");
    expect(first).toMatch(/refused +- +file +p\.yaml +p\.yaml:3:5 There is no model\.$/);
    expect(second).toMatch(/activated +example@0123456789ab +file +p\.yaml +a\.b, a\.c, d and 2 more$/);
  });

  test("of a refusal the first error, and how many more there are", async () => {
    const findings = ["p.yaml:3:5 error One.", "p.yaml:4:5 error Two.", "p.yaml:1:1 warning Three."];
    const told = [act({ result: "refused", version: null, findings })];
    const shell = fakeProcess({ gateway: () => Response.json({ activations: told }) });
    expect(await shell.run("policy", "history")).toBe(0);
    expect(shell.stdout()).toContain("p.yaml:3:5 error One. and 1 more error\n");
  });

  test("in words where the gateway has them, with the note; a rollback stands out by its name", async () => {
    const told = [
      act({ result: "rolled_back", changes: ["x"], summary: ["chat: max_attempts 3 → 2"], note: "INC-1" }),
    ];
    const shell = fakeProcess({ gateway: () => Response.json({ activations: told, cursor: "act_1" }) });
    expect(await shell.run("policy", "history", "--limit", "1", "--before", "act_2")).toBe(0);
    expect(shell.asked[0]?.path).toBe("/admin/policy/history?limit=1&before=act_2");
    expect(shell.stdout()).toMatch(/rolled_back .* chat: max_attempts 3 → 2 \(INC-1\)\n$/);
    expect(shell.stderr()).toBe("More: --before act_1\n");
  });

  test("none is said in words; --json prints it as it came", async () => {
    const empty = fakeProcess({ gateway: () => Response.json({ activations: [] }) });
    expect(await empty.run("policy", "history")).toBe(0);
    expect(empty.stdout()).toContain("Nothing was activated yet.");
    const shell = fakeProcess({ gateway: () => Response.json({ activations }) });
    expect(await shell.run("policy", "history", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual({ activations });
  });
});

describe("policy replicas", () => {
  const replica = (id: string, refused: boolean) => ({
    id,
    self: id === "gw_a",
    address: `http://${id}:8080`,
    version: "example@0123456789ab",
    startedAt: 1_700_000_000_000,
    postedAt: 1_700_000_060_000,
    staging: null,
    overrides: [],
    pinned: null,
    refused,
    source: { kind: "folder", ok: true, lastPollAt: 1_700_000_060_000 },
  });
  const asked = (...refused: readonly boolean[]) => {
    const replicas = refused.map((one, index) => replica(`gw_${"abc"[index]}`, one));
    return fakeProcess({
      gateway: () => Response.json({ knows: "shared", converged: true, replicas }),
    });
  };

  test("all serve one version, and none refused another", async () => {
    const shell = asked(false, false);
    expect(await shell.run("policy", "replicas")).toBe(0);
    expect(shell.stdout()).toContain("Converged");
  });

  test.each(["alone", "unreachable"])("%s: nobody can tell, which is no success", async (knows) => {
    const shell = fakeProcess({
      gateway: () => Response.json({ knows, converged: null, replicas: [replica("gw_a", false)] }),
    });
    expect(await shell.run("policy", "replicas")).toBe(4);
    expect(shell.stdout()).not.toContain("onverged");
  });

  test("two that are seen to differ do, whoever else is there", async () => {
    const replicas = [replica("gw_a", false), replica("gw_b", false)];
    const shell = fakeProcess({
      gateway: () => Response.json({ knows: "unreachable", converged: false, replicas }),
    });
    expect(await shell.run("policy", "replicas")).toBe(1);
    expect(shell.stdout()).toContain("Not converged");
  });

  test("all serve the old version since all refused the new one: that is not taken up", async () => {
    const shell = asked(true, true);
    expect(await shell.run("policy", "replicas")).toBe(1);
    expect(shell.stdout()).toContain("refused by 2 of 2");
    const json = asked(true, false);
    expect(await json.run("policy", "replicas", "--json")).toBe(1);
  });
});
