/** Texts to what can be put in force, and what it changes of what is. Owns where large ones are judged. */
import type { Finding } from "../../../policy/finding.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import type { InForce } from "./in-force.ts";
import { judgeHere } from "./judge-here.ts";
import type { PolicyPorts } from "./policy-control.ts";

/** Characters from which on reading and compiling take longer than a request should wait. */
const LARGE = 8_192;

export interface Question {
  /** With what operators have laid over them. */
  readonly texts: readonly PolicyText[];
  /** As the source has them. */
  readonly sources: readonly PolicyText[];
  /** Whether the policy's own tests decide. */
  readonly tested: boolean;
  /** What is in force. */
  readonly before: InForce | null;
}

/** What became of the texts. `made` null: they must not be put in force. */
export type Compiled =
  | {
      readonly made: InForce;
      readonly findings: readonly Finding[];
      /** What it changes of what is in force: dotted paths, and the same in words. */
      readonly paths: readonly string[];
      readonly changes: readonly string[];
      /** By the judge's own clock; absent: judged in one go. */
      readonly validatedAt?: number;
    }
  | { readonly made: null; readonly findings: readonly Finding[] };

export async function compileVersion(ports: PolicyPorts, question: Question): Promise<Compiled> {
  const { texts, sources } = question;
  const { built, findings, validatedAt } = await judgeTexts(ports, question);
  if (!built) return { made: null, findings };
  const { document, paths, changes } = built;
  const snapshot = { ...built.snapshot, keys: [...built.snapshot.keys, ...ports.extraKeys] };
  const at = ports.clock.now();
  const made: InForce = { snapshot, document, sources, texts, warnings: findings, at };
  return { made, findings, paths, changes, ...(validatedAt !== undefined && { validatedAt }) };
}

/** Large texts elsewhere, where there is an elsewhere. Nothing is in force yet at the start: nobody waits. */
export function judgeTexts(
  { judge, compile: ports }: PolicyPorts,
  { texts, tested, before }: Pick<Question, "texts" | "tested" | "before">,
) {
  const question = { sources: texts, before, ports, tested };
  const size = texts.reduce((sum, { text }) => sum + text.length, 0);
  return judge && before && size >= LARGE ? judge(question) : judgeHere(question);
}
