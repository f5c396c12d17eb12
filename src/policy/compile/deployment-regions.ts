/**
 * Where the calls of a deployment may be processed, which is what residency goes by. Owns the order in which
 * that is found out, and what cannot be right about a region.
 */
import type { Deployment, ProviderKind } from "../../core/deployment.ts";
import type { Path, Report } from "../finding.ts";
import { ANYWHERE, isCallableFrom, profileRegions, readBedrockModel } from "./inference-profiles.ts";
import type { WrittenDeployment } from "./providers.ts";

export interface RegionPorts {
  /**
   * What Bedrock itself says of an inference profile called from `region`: every region it may send a call
   * to. Null where it was not asked or does not know it; then the shipped table answers.
   */
  profileRegions?(modelId: string, region: string): readonly string[] | null;
}

export interface RegionWorld {
  readonly ports: RegionPorts;
  readonly report: Report;
}

const AWS_REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d$/;
const GOOGLE_LOCATION = /^(?:global|us|eu|[a-z]+-[a-z]+\d{1,2})$/;

/** As written; else as the inference profile says; else where it is called. */
export function compileRegions(
  id: string,
  spec: WrittenDeployment,
  kind: ProviderKind,
  world: RegionWorld,
): Deployment["regions"] {
  checkRegion(id, spec, kind, world.report);
  const found = kind === "bedrock" ? bedrockRegions(id, spec, world) : null;
  if (spec.regions !== undefined) return spec.regions;
  if (found !== null) return found;
  // Vertex's global endpoint is Google's wherever it has room.
  return kind === "vertex" && spec.region === "global" ? ANYWHERE : [spec.region];
}

/** Signatures and URLs are made from the region, so for the big clouds it must be one of theirs. */
function checkRegion(id: string, { region }: WrittenDeployment, kind: ProviderKind, report: Report): void {
  const [pattern, example] =
    kind === "bedrock" || kind === "sagemaker"
      ? [AWS_REGION, "an AWS region, such as eu-central-1"]
      : kind === "vertex"
        ? [GOOGLE_LOCATION, "a Google location, such as europe-west4 or global"]
        : [null, ""];
  if (pattern === null || pattern.test(region)) return;
  const message = `The region "${region}" of the deployment "${id}" is not one that a provider of kind ${kind} has.`;
  report.error("invalid_region", ["deployments", id, "region"], message, `Write ${example}.`);
}

function bedrockRegions(
  id: string,
  spec: WrittenDeployment,
  { ports, report }: RegionWorld,
): readonly string[] {
  const path: Path = ["deployments", id, "model_id"];
  const model = readBedrockModel(spec.model_id);
  if (model.region !== null && model.region !== spec.region) {
    const message = `The ARN is of ${model.region}, the deployment "${id}" calls ${spec.region}.`;
    report.error("model_region_mismatch", path, message, `Write region: ${model.region}.`);
  }
  if (model.type === "profile" && !isCallableFrom(model.geography, spec.region)) {
    const message = `The inference profiles of "${model.geography}." cannot be called from ${spec.region}.`;
    const fix = "Write the profile of the region's own geography, or one that begins with global.";
    report.warning("profile_not_callable", path, message, fix);
  }
  const known =
    ports.profileRegions?.(spec.model_id, spec.region) ?? profileRegions(spec.model_id, spec.region);
  if (known !== null) return known;
  if (spec.regions === undefined) {
    const message = `Where calls of the deployment "${id}" are processed is not known: it serves no request with a residency.`;
    const fix = "Write regions: [...] with every region that the inference profile may send a call to.";
    report.warning("unknown_profile_regions", path, message, fix);
  }
  return ANYWHERE;
}
