import { describe, expect, test } from "bun:test";
import type { PolicyStatus } from "../../../control/policy/policy-control.ts";
import type { Activation } from "../../../store/ports.ts";
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

  test("none is said in words; --json prints it as it came", async () => {
    const empty = fakeProcess({ gateway: () => Response.json({ activations: [] }) });
    expect(await empty.run("policy", "history")).toBe(0);
    expect(empty.stdout()).toContain("Nothing was activated yet.");
    const shell = fakeProcess({ gateway: () => Response.json({ activations }) });
    expect(await shell.run("policy", "history", "--json")).toBe(0);
    expect(JSON.parse(shell.stdout())).toEqual({ activations });
  });
});
