/** From the name a caller gives to a use case it may ask for. Owns the 404 that says what there is. */
import type { Caller } from "../../core/caller.ts";
import { failed, ok, type Result } from "../../core/faults.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import { listed, nearest } from "../suggest.ts";

const NAMES_LISTED = 20;

/**
 * `target` is an id or an alias. Fault: `not_found` with code `model_not_found`, the same whether the use
 * case does not exist or is not the caller's, so that nobody learns of others' by asking.
 */
export function resolveUseCase(snapshot: ConfigSnapshot, target: string, caller: Caller): Result<UseCase> {
  const useCase = snapshot.useCases.get(target);
  if (useCase !== undefined && mayUse(caller, useCase)) return ok(useCase);
  const names: string[] = [];
  for (const [name, candidate] of snapshot.useCases) {
    if (name === candidate.id && mayUse(caller, candidate)) names.push(name);
  }
  names.sort();
  const near = nearest(target.slice(0, 128), names);
  const hint = near === null ? "" : ` Did you mean "${near}"?`;
  const choice =
    names.length === 0 ? "This key may use none." : `This key may use: ${listed(names, NAMES_LISTED)}.`;
  const asked = JSON.stringify(target.length > 128 ? `${target.slice(0, 128)}…` : target);
  const message = `There is no model or use case ${asked} for this key.${hint} ${choice}`;
  return failed("not_found", "model_not_found", message, { param: "model" });
}

function mayUse(caller: Caller, useCase: UseCase): boolean {
  return caller.useCases === null || caller.useCases.includes(useCase.id);
}
