/** What the doctor says, by deployment, with a mark for each check. Owns the drawing; judges nothing. */
import { type CheckResult, type CheckStatus, NOT_ASKED } from "../control/doctor/check-result.ts";
import type { Deployment } from "../core/deployment.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import type { Finding } from "../policy/finding.ts";
import type { PolicyText } from "../policy/reading/load.ts";
import { drawFindings } from "./draw-findings.ts";
import { counted } from "./format.ts";
import { printable, type Style, type Terminal } from "./terminal.ts";

const MARKS: Readonly<Record<CheckStatus, readonly [mark: string, style: Style]>> = {
  ok: ["✓", "green"],
  warning: ["!", "yellow"],
  failed: ["✗", "red"],
  skipped: ["-", "dim"],
};

/** Findings that a check says again, at the deployments they are about. */
const SAID_BELOW: ReadonlySet<string> = new Set([
  "missing_credential",
  "unpriced_model",
  "unknown_profile_regions",
]);

const NAME_WIDTH = "credential".length;

export type Summary = Readonly<Record<CheckStatus, number>>;

export function summariseResults(results: readonly CheckResult[]): Summary {
  const count = (status: CheckStatus) => results.filter((result) => result.status === status).length;
  return { ok: count("ok"), warning: count("warning"), failed: count("failed"), skipped: count("skipped") };
}

/** Text that is printed as results come. */
export interface DoctorReport {
  /** The policy, before anything is looked at. */
  begin(policy: CheckResult, findings: readonly Finding[], sources: readonly PolicyText[]): void;
  add(result: CheckResult): void;
  end(results: readonly CheckResult[]): void;
}

export function createDoctorReport(terminal: Terminal, { deployments }: ConfigSnapshot): DoctorReport {
  let current: string | null = null;
  let isOffline = false;
  return {
    begin(policy, findings, sources) {
      const shown = findings.filter((finding) => !isSaidBelow(finding, [...deployments.values()]));
      if (shown.length > 0) terminal.print(`${drawFindings(shown, sources, terminal)}\n`);
      terminal.print(drawResult(policy, terminal));
    },
    add(result) {
      // Said once for all, in the summary.
      if (result.message === NOT_ASKED.message) {
        isOffline = true;
        return;
      }
      if (result.deployment !== current) {
        current = result.deployment;
        const deployment = deployments.get(current ?? "");
        if (deployment !== undefined) terminal.print(`\n${drawTitle(deployment, terminal)}`);
      }
      terminal.print(drawResult(result, terminal));
    },
    end(results) {
      const rest = isOffline ? " Because of --offline, nobody was called." : "";
      terminal.print(`\n${drawSummary(summariseResults(results), terminal)}${rest}`);
    },
  };
}

function isSaidBelow({ code, path }: Finding, deployments: readonly Deployment[]): boolean {
  if (!SAID_BELOW.has(code)) return false;
  return deployments.some(({ id, model, provider, simulated }) => {
    const about = [`models.${model.id}`, `deployments.${id}.model_id`];
    if (!simulated) about.push(`providers.${provider}.credential`);
    return about.includes(path);
  });
}

function drawTitle({ id, model, provider, region }: Deployment, terminal: Terminal): string {
  const where = terminal.paint("dim", printable(`${model.id} · ${provider} · ${region}`));
  return `${terminal.paint("bold", printable(id))}  ${where}`;
}

/** A line with its mark, and a second one with what to do. */
export function drawResult({ check, status, message, fix }: CheckResult, terminal: Terminal): string {
  const [mark, style] = MARKS[status];
  const text = status === "skipped" ? terminal.paint("dim", printable(message)) : printable(message);
  const line = `  ${terminal.paint(style, mark)} ${check.padEnd(NAME_WIDTH)}  ${text}`;
  return fix === undefined ? line : `${line}\n      fix: ${printable(fix)}`;
}

function drawSummary({ ok, warning, failed, skipped }: Summary, terminal: Terminal): string {
  const parts = [`${ok} ok`, counted(warning, "warning"), `${failed} failed`, `${skipped} skipped`];
  const style = failed > 0 ? "red" : warning > 0 ? "yellow" : "green";
  return terminal.paint(style, `${parts.join(", ")}.`);
}
