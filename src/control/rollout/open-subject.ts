/** What an operator's order is about, found in the texts: a rollout or a model alias. Owns which of them it is. */
import type { Result } from "../../core/faults.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import { aliasOfSubject, type OpenAlias, openAlias } from "../alias/open-alias.ts";
import type { PartValue } from "../policy/edit/open-part.ts";
import { type OpenRollout, openRollout } from "./open-rollout.ts";

type OpenSubject = OpenRollout | OpenAlias;

export function openSubject(sources: readonly PolicyText[], subject: string): Result<OpenSubject> {
  const alias = aliasOfSubject(subject);
  return alias === null ? openRollout(sources, subject) : openAlias(sources, alias);
}

/** Whether what an order says can still be so: the model that an alias shall stand for may be gone. */
export function canHold(opened: OpenSubject, values: readonly PartValue[]): boolean {
  if (opened.kind === "rollout") return true;
  const target = values.find(({ path }) => path.length === 0 || path[0] === "model");
  return target === undefined || opened.models.includes(String(target.to));
}

/** `rollout try`, `alias chat-best`: as people read it. */
export function titleOf(subject: string): string {
  const alias = aliasOfSubject(subject);
  return alias === null ? `rollout ${subject}` : `alias ${alias}`;
}
