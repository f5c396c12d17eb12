/**
 * A rollout changed in the policy of a running gateway. Owns that only its own store is written: a policy that lives
 * elsewhere is changed there, and the change is shown.
 */
import { z } from "zod";
import type { RolloutChange } from "../../../control/rollout/open-rollout.ts";
import type { Result } from "../../../core/faults.ts";
import { askGateway, reportFailure } from "../../ask.ts";
import type { CommandContext } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import type { Terminal } from "../../terminal.ts";
import { askPolicy, reportRefusal } from "../policy/ask-policy.ts";
import { changeView, versionView } from "../policy/views.ts";
import { type PolicyOptions, reportChange, reportFault, type Verb } from "./verb.ts";

/** A gateway of an earlier release says nothing of its source: then it has no store to write to. */
const inForceView = z.object({
  version: z.string().nullable(),
  source: z.object({ kind: z.string(), address: z.string() }).optional(),
});

export async function changeStore(
  context: CommandContext,
  terminal: Terminal,
  options: PolicyOptions,
  verb: Verb,
): Promise<number> {
  const inForce = await askGateway(context, options, { path: "/admin/policy" }, inForceView);
  if (!inForce.ok) return reportFailure(terminal, inForce);
  const { version, source } = inForce.view;
  if (version === null) {
    terminal.complain("The gateway has no policy in force.", "See `pointsman policy status`.");
    return EXIT.notRight;
  }
  const path = `/admin/policy/versions/${encodeURIComponent(version)}`;
  const texts = await askPolicy(context, options, { path }, versionView);
  if (!texts.ok) return reportRefusal(terminal, texts, []);
  const changed: Result<RolloutChange> = verb(texts.view.texts);
  if (!changed.ok) return reportFault(terminal, changed.fault);
  const change = changed.value;
  if (change.changes.length === 0) {
    reportChange(terminal, change, "unchanged", "");
    return EXIT.success;
  }
  if (source?.kind !== "store") {
    const where = source === undefined ? "its own source" : source.address;
    reportChange(terminal, change, "by_hand", `The gateway reads its policy from ${where}: change it there.`);
    return EXIT.notRight;
  }
  return put(context, terminal, options, change, version);
}

async function put(
  context: CommandContext,
  terminal: Terminal,
  { dryRun = false, note, ...options }: PolicyOptions,
  change: RolloutChange,
  version: string,
): Promise<number> {
  const environment = environmentOf(change.file);
  const asked = await askPolicy(
    context,
    options,
    {
      method: "PUT",
      path: dryRun ? "/admin/policy?dry_run=true" : "/admin/policy",
      // Somebody else's change meanwhile is not undone by this one.
      headers: { "if-match": `"${version}"` },
      body: {
        text: change.after,
        note: note ?? `rollout ${change.rollout}: ${change.changes.join(", ")}`.slice(0, 500),
        ...(environment !== null && { environment }),
      },
    },
    changeView,
  );
  if (!asked.ok) return reportRefusal(terminal, asked, [{ file: change.file, text: change.after }]);
  const { view } = asked;
  reportChange(
    terminal,
    change,
    dryRun ? "dry_run" : "applied",
    dryRun ? "" : `${view.version} is in force.`,
  );
  return EXIT.success;
}

/** Of a document of the store, as its findings name it: null for the base. */
function environmentOf(file: string): string | null {
  return /^store:policy\.(.+)\.yaml$/.exec(file)?.[1] ?? null;
}
