/**
 * A verb on a rollout or a model alias of a running gateway: in force when it resolves. Owns where it is written: into
 * the store where the policy lives there; else as an operator's order over the text, until the text of that changes.
 */
import { type Fault, failed, type Result } from "../../core/faults.ts";
import type { Finding } from "../../policy/finding.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import type { AuditRecord } from "../../store/audit-store.ts";
import { moveAlias } from "../alias/move.ts";
import { aliasOfSubject } from "../alias/open-alias.ts";
import type { PartChange } from "../policy/edit/open-part.ts";
import type { PolicyTurn } from "../policy/in-force/policy-control.ts";
import type { StagingStatus } from "../policy/policy-acts.ts";
import type { PolicyDesk } from "../policy/policy-desk.ts";
import { stagingOf } from "../policy/staging/staging.ts";
import { documentsWith, documentTexts, holdsTexts } from "../policy/store-documents.ts";
import { abortRollout } from "./abort.ts";
import { openSubject, titleOf } from "./open-subject.ts";
import type { OverrideBook } from "./override-book.ts";
import { basisOf, type RolloutOverride, type RolloutVerb } from "./overrides.ts";
import { promoteRollout } from "./promote.ts";
import { setWeight } from "./set-weight.ts";

export type RolloutOrder =
  | { readonly verb: "set"; readonly weight: number; readonly arm: string | null }
  | { readonly verb: "promote"; readonly arm: string | null; readonly full: boolean }
  | { readonly verb: "abort" | "release" }
  /** Of an alias: the model that it shall stand for. */
  | { readonly verb: "move"; readonly model: string };

export interface RolloutWish {
  /** Its name, or `alias:name` for a model alias. */
  readonly rollout: string;
  readonly order: RolloutOrder;
  readonly actor: string;
  readonly note: string | null;
  /** Says what would come of it, and changes nothing. */
  readonly dryRun: boolean;
}

export interface RolloutDesk extends PolicyDesk {
  /** Orders over the text; null: this gateway keeps none. */
  readonly overrides: OverrideBook | null;
  audit(record: AuditRecord): Promise<void>;
}

export type RolloutOutcome =
  | {
      readonly result: "applied" | "valid" | "unchanged";
      readonly rollout: string;
      /** `store`: the text was changed. `override`: it is laid over the text. */
      readonly where: "store" | "override";
      readonly file: string;
      /** `rollouts[3].canary.weight: 5 → 25` */
      readonly changes: readonly string[];
      /** The same and what follows of it, in words; empty where nothing was changed. */
      readonly summary: readonly string[];
      readonly version: string;
      readonly previousVersion: string;
    }
  | { readonly result: "fault"; readonly fault: Fault }
  | { readonly result: "refused"; readonly findings: readonly Finding[] }
  | { readonly result: "running"; readonly staging: StagingStatus }
  | { readonly result: "conflict" }
  /** What the store has is not valid here, and is not undone by a verb on what was in force before. */
  | { readonly result: "behind" };

const AUDITED = {
  set: "rollout.set",
  promote: "rollout.promoted",
  abort: "rollout.aborted",
  release: "rollout.released",
  move: "model_alias.moved",
} as const satisfies Record<RolloutVerb, string>;

export async function operateRollout(desk: RolloutDesk, wish: RolloutWish): Promise<RolloutOutcome> {
  const { control, heads } = desk;
  const { order, rollout, actor, note } = wish;
  const outcome = heads
    ? await control.atNewest((turn) => intoStore(desk, turn, wish))
    : await overText(desk, wish);
  if (outcome.result !== "applied") return outcome;
  const { version, previousVersion, changes, where } = outcome;
  const details = { where, version, previousVersion, note, changes: [...changes] };
  const alias = aliasOfSubject(rollout);
  const action = alias !== null && order.verb === "release" ? "model_alias.released" : AUDITED[order.verb];
  await desk.audit({ at: desk.clock.now(), actor, action, subject: alias ?? rollout, details });
  return outcome;
}

/** Under the names that the store gives: what is in force may still be called after the file that filled it. */
function namedAsThere({ environment }: RolloutDesk, texts: readonly PolicyText[]): readonly PolicyText[] {
  return documentTexts(documentsWith({}, texts, environment), environment);
}

/** `laid`: the texts with all orders over them, which is what the next step starts from. */
function changeOf(
  { order, rollout, note }: RolloutWish,
  sources: readonly PolicyText[],
  laid: readonly PolicyText[],
): Result<PartChange> {
  switch (order.verb) {
    case "set":
      return setWeight(laid, { rollout, weight: order.weight, arm: order.arm });
    case "promote":
      return promoteRollout(laid, { rollout, arm: order.arm, full: order.full });
    case "abort":
      return abortRollout(laid, rollout);
    case "move":
      return moveAlias(laid, { alias: aliasOfSubject(rollout) ?? rollout, model: order.model, note });
    case "release":
      return released(rollout, sources, laid);
  }
}

/** Back to what the text says. */
function released(
  rollout: string,
  sources: readonly PolicyText[],
  laid: readonly PolicyText[],
): Result<PartChange> {
  const written = openSubject(sources, rollout);
  if (!written.ok) return written;
  const now = openSubject(laid, rollout);
  if (!now.ok) return now;
  const { file, text: before } = now.value.source;
  const isSame = basisOf(written.value) === basisOf(now.value);
  const changes = isSame ? [] : ["as the policy's text has it"];
  return {
    ok: true,
    value: { subject: rollout, file, before, after: written.value.source.text, changes, values: [] },
  };
}

async function intoStore(desk: RolloutDesk, turn: PolicyTurn, wish: RolloutWish): Promise<RolloutOutcome> {
  const { control, environment } = desk;
  const inForce = control.inForce();
  if (!inForce) return { result: "conflict" };
  const staging = stagingOf(desk, turn);
  // In the store the two versions have one place, and a change of one of them would be half a change.
  if (staging && !wish.dryRun) return { result: "running", staging };
  const sources = namedAsThere(desk, inForce.sources);
  const change = changeOf(wish, inForce.sources, namedAsThere(desk, inForce.texts));
  if (!change.ok) return { result: "fault", fault: change.fault };
  if (wish.order.verb === "release") {
    return { result: "fault", fault: nothingLaid() };
  }
  const { file, after, changes, subject: rollout } = change.value;
  const previousVersion = control.snapshot().version;
  const told = { rollout, where: "store", file, changes, previousVersion } as const;
  if (changes.length === 0) return { result: "unchanged", ...told, summary: [], version: previousVersion };
  const texts = sources.map((source) => (source.file === file ? { file, text: after } : source));
  const documents = turn.head?.documents ?? {};
  if (!holdsTexts(documents, environment, sources)) return { result: "behind" };
  const checked = await control.check(texts);
  if (checked.result === "refused") return checked;
  if (wish.dryRun) {
    return { result: "valid", ...told, summary: checked.changes, version: checked.version };
  }
  const { actor, note } = wish;
  const words = `${titleOf(rollout)}: ${changes.join(", ")}`.slice(0, MAX_WORDS);
  const act = { actor, via: "edit", note: note ?? words } as const;
  const put = await turn.replace(documentsWith(documents, texts, environment), act);
  if (put.result === "refused") return put;
  if (put.result === "conflict") return put;
  return { result: "applied", ...told, summary: put.changes, version: put.version };
}

const MAX_WORDS = 500;

async function overText(desk: RolloutDesk, wish: RolloutWish): Promise<RolloutOutcome> {
  const { control, overrides } = desk;
  const inForce = control.inForce();
  if (!inForce) return { result: "conflict" };
  const change = changeOf(wish, inForce.sources, inForce.texts);
  if (!change.ok) return { result: "fault", fault: change.fault };
  const { file, after, changes, subject: rollout, values } = change.value;
  const previousVersion = control.snapshot().version;
  const told = { rollout, where: "override", file, changes, previousVersion } as const;
  if (changes.length === 0) return { result: "unchanged", ...told, summary: [], version: previousVersion };
  const texts = inForce.texts.map((source) => (source.file === file ? { file, text: after } : source));
  const checked = await control.check(texts, true);
  if (checked.result === "refused") return checked;
  if (wish.dryRun) return { result: "valid", ...told, summary: checked.changes, version: checked.version };
  const written = openSubject(inForce.sources, rollout);
  if (!overrides || !written.ok) return { result: "fault", fault: nothingLaid() };
  const { actor, note, order } = wish;
  const before = overrides.find(rollout);
  const override: RolloutOverride = {
    rollout,
    verb: order.verb,
    basis: basisOf(written.value),
    values: order.verb === "release" ? [] : merged(before?.values ?? [], values),
    ...overrides.stamp(),
    actor,
    note,
  };
  if (!(await overrides.put(override))) return { result: "conflict" };
  const put = await control.recompile(actor, aliasOfSubject(rollout) === null ? "rollout" : "alias", note);
  if (put === null) return { result: "conflict" };
  if (put.result === "refused") return put;
  return { result: "applied", ...told, summary: put.changes, version: put.version };
}

function merged(
  before: RolloutOverride["values"],
  after: RolloutOverride["values"],
): RolloutOverride["values"] {
  const byPath = new Map([...before, ...after].map((value) => [JSON.stringify(value.path), value]));
  return [...byPath.values()];
}

function nothingLaid(): Fault {
  const message = "Nothing is laid over the policy's text here: its verbs change the text itself.";
  return failed("invalid", "nothing_to_release", message).fault;
}
