/** `pointsman policy alias`: names that stand for models, and the one pointer of each. Owns the group's help. */
import type { Command } from "commander";
import { addExamples, type CommandContext } from "../../../context.ts";
import { addAliasList } from "./list.ts";
import { addAliasRelease } from "./release.ts";
import { addAliasSet } from "./set.ts";

export function addPolicyAlias(parent: Command, context: CommandContext): void {
  const group = parent.command("alias").description("see what model each alias stands for; move one");
  addExamples(group, [
    ["pointsman policy alias list", "which version is chat-best?"],
    ["pointsman policy alias set chat-best nova-large-2026-05", "ship it, wherever chat-best is named"],
  ]);
  addAliasList(group, context);
  addAliasSet(group, context);
  addAliasRelease(group, context);
}
