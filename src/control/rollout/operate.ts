/**
 * A verb on a rollout of a running gateway: in force when it resolves. Owns where it is written: into the store where
 * the policy lives there; else as an operator's order over the text, until the rollout's text changes.
 */
import { type Fault, failed, type Result } from "../../core/faults.ts";
import type { Finding } from "../../policy/finding.ts";
import type { PolicySource } from "../../policy/load.ts";
import type { AuditRecord } from "../../store/audit-store.ts";
import type { StagingStatus } from "../policy/policy-acts.ts";
import type { PolicyDesk } from "../policy/policy-desk.ts";
import { documentsWith, textsOf } from "../policy/sources/store.ts";
import { abortRollout } from "./abort.ts";
import { openRollout, type RolloutChange } from "./open-rollout.ts";
import type { OverrideBook } from "./override-book.ts";
import { basisOf, type RolloutOverride, type RolloutVerb } from "./overrides.ts";
import { promoteRollout } from "./promote.ts";
import { setWeight } from "./set-weight.ts";

export type RolloutOrder =
  | { readonly verb: "set"; readonly weight: number; readonly arm: string | null }
  | { readonly verb: "promote"; readonly arm: string | null; readonly full: boolean }
  | { readonly verb: "abort" | "release" };

export interface RolloutWish {
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
  | { readonly result: "conflict" };

const AUDITED = {
  set: "rollout.set",
  promote: "rollout.promoted",
  abort: "rollout.aborted",
  release: "rollout.released",
} as const satisfies Record<RolloutVerb, string>;

export async function operateRollout(desk: RolloutDesk, wish: RolloutWish): Promise<RolloutOutcome> {
  const { control, heads } = desk;
  const { order, rollout, actor, note } = wish;
  const inForce = control.inForce();
  if (!inForce) return { result: "conflict" };
  const staging = control.status().staging ?? null;
  // In the store the two versions have one place, and a change of one of them would be half a change.
  if (heads && staging && !wish.dryRun) return { result: "running", staging };
  const change = changeOf(order, rollout, inForce.sources, namedAsThere(desk, inForce.texts));
  if (!change.ok) return { result: "fault", fault: change.fault };
  const outcome = heads
    ? await intoStore(desk, wish, namedAsThere(desk, inForce.sources), change.value)
    : await overText(desk, wish, inForce, change.value);
  if (outcome.result !== "applied") return outcome;
  const { version, previousVersion, changes, where } = outcome;
  const details = { where, version, previousVersion, note, changes: [...changes] };
  await desk.audit({ at: desk.clock.now(), actor, action: AUDITED[order.verb], subject: rollout, details });
  return outcome;
}

/** A store that was filled from a file has its text under a name of its own. */
function namedAsThere(
  { heads, environment }: RolloutDesk,
  texts: readonly PolicySource[],
): readonly PolicySource[] {
  return heads ? textsOf(documentsWith({}, texts, environment), environment) : texts;
}

/** `laid`: the texts with all orders over them, which is what the next step starts from. */
function changeOf(
  order: RolloutOrder,
  rollout: string,
  sources: readonly PolicySource[],
  laid: readonly PolicySource[],
): Result<RolloutChange> {
  switch (order.verb) {
    case "set":
      return setWeight(laid, { rollout, weight: order.weight, arm: order.arm });
    case "promote":
      return promoteRollout(laid, { rollout, arm: order.arm, full: order.full });
    case "abort":
      return abortRollout(laid, rollout);
    case "release":
      return released(rollout, sources, laid);
  }
}

/** Back to what the text says. */
function released(
  rollout: string,
  sources: readonly PolicySource[],
  laid: readonly PolicySource[],
): Result<RolloutChange> {
  const written = openRollout(sources, rollout);
  if (!written.ok) return written;
  const now = openRollout(laid, rollout);
  if (!now.ok) return now;
  const { file, text: before } = now.value.source;
  const isSame = basisOf(written.value) === basisOf(now.value);
  const changes = isSame ? [] : ["as the policy's text has it"];
  return {
    ok: true,
    value: { rollout, file, before, after: written.value.source.text, changes, values: [] },
  };
}

async function intoStore(
  { control, heads, environment, clock }: RolloutDesk,
  wish: RolloutWish,
  sources: readonly PolicySource[],
  { file, after, changes, rollout }: RolloutChange,
): Promise<RolloutOutcome> {
  if (wish.order.verb === "release") {
    return { result: "fault", fault: nothingLaid() };
  }
  const previousVersion = control.snapshot().version;
  const told = { rollout, where: "store", file, changes, previousVersion } as const;
  if (changes.length === 0) return { result: "unchanged", ...told, summary: [], version: previousVersion };
  const texts = sources.map((source) => (source.file === file ? { file, text: after } : source));
  const checked = await control.check(texts);
  if (checked.result === "refused") return checked;
  if (wish.dryRun || !heads) {
    return { result: "valid", ...told, summary: checked.changes, version: checked.version };
  }
  const { actor, note } = wish;
  const words = `rollout ${rollout}: ${changes.join(", ")}`.slice(0, MAX_WORDS);
  const put = await control.replace(texts, { actor, via: "push", note: note ?? words }, async () => {
    const head = await heads.read(0);
    // Somebody else's change meanwhile is not undone by this one.
    if (!head || !isSame(textsOf(head.documents, environment), sources)) return false;
    const documents = documentsWith(head.documents, texts, environment);
    return heads.write({
      revision: head.revision + 1,
      at: clock.now(),
      actor,
      note: note ?? words,
      documents,
    });
  });
  if (put.result === "refused") return put;
  if (put.result === "conflict" || put.result === "held") return { result: "conflict" };
  return { result: "applied", ...told, summary: put.changes, version: put.version };
}

const MAX_WORDS = 500;

async function overText(
  { control, overrides }: RolloutDesk,
  wish: RolloutWish,
  inForce: { readonly sources: readonly PolicySource[]; readonly texts: readonly PolicySource[] },
  { file, after, changes, rollout, values }: RolloutChange,
): Promise<RolloutOutcome> {
  const previousVersion = control.snapshot().version;
  const told = { rollout, where: "override", file, changes, previousVersion } as const;
  if (changes.length === 0) return { result: "unchanged", ...told, summary: [], version: previousVersion };
  const texts = inForce.texts.map((source) => (source.file === file ? { file, text: after } : source));
  const checked = await control.check(texts, true);
  if (checked.result === "refused") return checked;
  if (wish.dryRun) return { result: "valid", ...told, summary: checked.changes, version: checked.version };
  const written = openRollout(inForce.sources, rollout);
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
  const put = await control.recompile(actor, "rollout", note);
  if (put === null || put.result === "held") return { result: "conflict" };
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

function isSame(a: readonly PolicySource[], b: readonly PolicySource[]): boolean {
  return a.length === b.length && a.every(({ text }, index) => text === b[index]?.text);
}

function nothingLaid(): Fault {
  const message = "Nothing is laid over the policy's text here: its verbs change the text itself.";
  return failed("invalid", "nothing_to_release", message).fault;
}
