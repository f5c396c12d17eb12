/** Whether a deployment stays inside the residencies of the use cases whose ladders name it. Asks nobody. */
import type { Deployment } from "../../core/deployment.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import { type BedrockModel, readBedrockModel } from "../../policy/compile/inference-profiles.ts";
import { matchesAny } from "../../policy/glob.ts";
import { type Verdict, warning } from "./check-result.ts";

/** A use case with a residency, and the regions outside it in which a call may be processed. */
interface Refusal {
  readonly useCase: string;
  readonly residency: readonly string[];
  readonly outside: readonly string[];
}

/** A warning for each use case that will refuse the deployment when it runs; one for a profile nobody knows. */
export function checkResidency(
  deployment: Deployment,
  useCases: ConfigSnapshot["useCases"],
): readonly Verdict[] {
  const refusals = refusalsOf(deployment, useCases);
  const named = deployment.kind === "bedrock" ? readBedrockModel(deployment.modelId).type : "model";
  return named === "unknown" && deployment.regions.includes("*")
    ? [unknownProfile(deployment, refusals)]
    : refusals.map((refusal) => refused(deployment, named, refusal));
}

function refusalsOf(deployment: Deployment, useCases: ConfigSnapshot["useCases"]): readonly Refusal[] {
  const refusals: Refusal[] = [];
  // Under its aliases a use case is the same one.
  for (const useCase of new Set(useCases.values())) {
    const { id, residency } = useCase;
    if (residency === null || !isOnLadder(deployment, useCase)) continue;
    const outside = deployment.regions.filter((region) => !matchesAny(residency, region));
    if (outside.length > 0) refusals.push({ useCase: id, residency, outside });
  }
  return refusals;
}

function isOnLadder({ id }: Deployment, { ladder, rules }: UseCase): boolean {
  const ladders = [ladder, ...rules.map((rule) => rule.ladder)];
  return ladders.some((rungs) => rungs.some((rung) => rung.deployments.some((each) => each.id === id)));
}

function unknownProfile({ modelId }: Deployment, refusals: readonly Refusal[]): Verdict {
  const who = refusals.map(({ useCase }) => useCase);
  const whom = who.length === 0 ? "" : ` (${who.join(", ")})`;
  return warning(
    `Where the profile ${modelId} sends calls is not known: whatever has a residency refuses it${whom}.`,
    "Write `regions` with every region it may send a call to; a gateway that signs as AWS may also ask Bedrock.",
  );
}

function refused(deployment: Deployment, named: BedrockModel["type"], refusal: Refusal): Verdict {
  const { useCase, residency, outside } = refusal;
  const start = `The use case ${useCase} refuses it: outside its residency ${residency.join(", ")},`;
  if (named === "model") {
    const fix = "Nothing, where it serves other use cases; else add a deployment inside the residency.";
    return warning(`${start} a call is processed in ${listed(outside)}.`, fix);
  }
  const fix = "Use a profile whose regions are inside, or the model itself in a region that is.";
  return warning(`${start} the profile ${deployment.modelId} may send a call to ${listed(outside)}.`, fix);
}

function listed(regions: readonly string[]): string {
  return regions.map((region) => (region === "*" ? "any region" : region)).join(", ");
}
