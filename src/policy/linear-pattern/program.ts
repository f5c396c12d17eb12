/** A pattern's tree as steps of a machine that is in many places at once. Owns the steps and their number. */
import type { CharacterTest } from "./characters.ts";
import type { Assertion, PatternNode } from "./parser.ts";

export type Step =
  | { readonly type: "character"; readonly test: CharacterTest }
  | { readonly type: "assertion"; readonly at: Assertion }
  /** Goes on at both. */
  | { readonly type: "split"; readonly to: readonly [number, number] }
  | { readonly type: "jump"; readonly to: number }
  | { readonly type: "match" };

export type Program = readonly Step[];

/** Null where it takes more than `most` steps. */
export function assemble(node: PatternNode, most: number): Program | null {
  const steps: Step[] = [];
  emit(node, steps, most);
  steps.push({ type: "match" });
  return steps.length > most ? null : steps;
}

function emit(node: PatternNode, steps: Step[], most: number): void {
  if (steps.length > most) return;
  switch (node.type) {
    case "character":
    case "assertion":
      steps.push(node);
      return;
    case "sequence":
      for (const part of node.parts) emit(part, steps, most);
      return;
    case "choice":
      emitChoice(node.options, steps, most);
      return;
    case "repeat":
      emitTimes(node.part, node.least, steps, most);
      if (node.most === null) emitLoop(node.part, steps, most);
      else emitOptional(node.part, node.most - node.least, steps, most);
  }
}

function emitChoice(options: readonly PatternNode[], steps: Step[], most: number): void {
  const ends: number[] = [];
  for (const [index, option] of options.entries()) {
    const isLast = index === options.length - 1;
    const split = steps.length;
    if (!isLast) steps.push({ type: "split", to: [split + 1, split + 1] });
    emit(option, steps, most);
    if (isLast) break;
    ends.push(steps.length);
    steps.push({ type: "jump", to: 0 });
    steps[split] = { type: "split", to: [split + 1, steps.length] };
  }
  for (const end of ends) steps[end] = { type: "jump", to: steps.length };
}

function emitTimes(part: PatternNode, times: number, steps: Step[], most: number): void {
  for (let i = 0; i < times && steps.length <= most; i++) {
    const before = steps.length;
    emit(part, steps, most);
    // What is empty once is empty every time: groups of it would be counted out for ever.
    if (steps.length === before) return;
  }
}

function emitLoop(part: PatternNode, steps: Step[], most: number): void {
  const split = steps.length;
  steps.push({ type: "split", to: [split + 1, split + 1] });
  emit(part, steps, most);
  steps.push({ type: "jump", to: split });
  steps[split] = { type: "split", to: [split + 1, steps.length] };
}

function emitOptional(part: PatternNode, times: number, steps: Step[], most: number): void {
  const splits: number[] = [];
  for (let i = 0; i < times && steps.length <= most; i++) {
    splits.push(steps.length);
    steps.push({ type: "jump", to: 0 });
    emit(part, steps, most);
  }
  for (const split of splits) steps[split] = { type: "split", to: [split + 1, steps.length] };
}
