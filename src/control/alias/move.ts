/** `policy alias set`: an alias stands for another model. Owns what becomes of the note beside it. */
import { failed, type Result } from "../../core/faults.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import { suggestion } from "../../policy/suggest.ts";
import { changePart, type PartChange, type Wish } from "../policy/edit/open-part.ts";
import { openAlias } from "./open-alias.ts";

export interface AliasMove {
  readonly alias: string;
  readonly model: string;
  /** Takes the place of the note that is written beside the alias. */
  readonly note: string | null;
}

/** As the policy's schema has it. */
const MAX_ALIAS_NOTE = 500;

/** Faults: `not_found`, `invalid`. */
export function moveAlias(
  sources: readonly PolicyText[],
  { alias, model, note }: AliasMove,
): Result<PartChange> {
  const opened = openAlias(sources, alias);
  if (!opened.ok) return opened;
  const { path, isMap, models, model: before, note: noted } = opened.value;
  if (!models.includes(model)) {
    const fix = suggestion(model, models, "Add it under models.");
    return failed("invalid", "unknown_model", `The policy has no model of that name. ${fix}`);
  }
  if (before === model) return changePart(opened.value, []);
  const wishes: Wish[] = [{ path: isMap ? [...path, "model"] : path, from: before, to: model }];
  if (noted !== null) {
    if (note === null) {
      // What was said of one model must not stand beside another.
      const message = `The alias has a note, which is about ${before}. Say with a note of yours why it moves.`;
      return failed("invalid", "note_needed", message, { param: "note" });
    }
    wishes.push({ path: [...path, "note"], from: noted, to: note.slice(0, MAX_ALIAS_NOTE) });
  }
  return changePart(opened.value, wishes);
}
