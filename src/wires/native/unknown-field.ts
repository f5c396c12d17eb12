/** A field that the native contract does not have. Owns finding it and saying which one was meant. */
import { closestMatch } from "leven";
import type { z } from "zod";
import { type Fault, fault } from "../../core/faults.ts";
import { FIELD_PATHS } from "./request-schema.ts";

type Issue = z.core.$ZodIssue;

interface Found {
  readonly path: readonly PropertyKey[];
  readonly key: string;
}

const PLAIN_KEY = /^[A-Za-z_][\w-]{0,63}$/;
/** What other APIs call it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  model: "use_case",
  prompt: "input",
  system: "messages",
  instructions: "messages",
  n: "sampling.choices",
  max_completion_tokens: "sampling.max_tokens",
  max_output_tokens: "sampling.max_tokens",
  reasoning_effort: "reasoning.effort",
};

/** The fault of the first unknown field, or null where `issues` are about something else. */
export function unknownFieldFault(issues: readonly Issue[]): Fault | null {
  const found = findUnknown(issues, []);
  if (found === null) return null;
  const where = found.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  const path = where.replace(/^\./, "");
  const param = PLAIN_KEY.test(found.key) ? (path === "" ? found.key : `${path}.${found.key}`) : path;
  const meant = nearestField(found.key);
  const place = path === "" ? "The request" : `\`${path}\``;
  const fix = meant === null ? "Remove it." : `Did you mean \`${meant}\`?`;
  const message = `${place} has a field that the native API does not know. ${fix}`;
  return fault("invalid", "unknown_field", message, { ...(param !== "" && { param }) });
}

function findUnknown(issues: readonly Issue[], before: readonly PropertyKey[]): Found | null {
  for (const issue of issues) {
    const path = [...before, ...issue.path];
    const key = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
    if (key !== undefined) return { path, key };
    if (issue.code !== "invalid_union") continue;
    for (const branch of issue.errors) {
      const found = findUnknown(branch, path);
      if (found !== null) return found;
    }
  }
  return null;
}

/** By the last part of its path: whoever writes `temperature` at the top is told where it belongs. */
function nearestField(key: string): string | null {
  const elsewhere = Object.hasOwn(ELSEWHERE, key) ? ELSEWHERE[key] : undefined;
  if (elsewhere !== undefined) return elsewhere;
  const names = FIELD_PATHS.map((path) => path.slice(path.lastIndexOf(".") + 1));
  // A third of the name may be wrong; two swapped letters count as two.
  const maxDistance = Math.max(2, Math.min(4, Math.floor(key.length / 3)));
  const near = closestMatch(key.slice(0, 64).toLowerCase(), names, { maxDistance });
  return near === undefined ? null : (FIELD_PATHS[names.indexOf(near)] ?? null);
}
