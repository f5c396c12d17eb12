/**
 * Where Amazon Bedrock may process a call, by the model id it is made with. Owns the table of the system's
 * inference profiles and the reading of model ids; asks nobody.
 *
 * Source: "Supported Regions and models for inference profiles",
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html, state of December 2025.
 * It says that the destinations of a geographic profile never change. A profile the table does not name gets
 * every destination its geography has, so that an old table refuses too much rather than too little.
 */

/** Profiles that share their destinations; the region that calls comes on top. */
interface Family {
  /** Beginnings of the model's id. */
  readonly models: readonly string[];
  readonly destinations: readonly string[];
  /** Calling regions, or their beginnings, for which the table holds; from elsewhere, the widest. */
  readonly from: readonly string[];
}

interface Geography {
  /** Beginnings of the regions that can call its profiles. */
  readonly callers: readonly string[];
  readonly widest: readonly string[];
  readonly families: readonly Family[];
}

const US_TWO = ["us-east-1", "us-west-2"];
const US_THREE = ["us-east-1", "us-east-2", "us-west-2"];
const EU_THREE = ["eu-central-1", "eu-west-1", "eu-west-3"];
const EU_FOUR = [...EU_THREE, "eu-north-1"];
const EU_SIX = [...EU_FOUR, "eu-south-1", "eu-south-2"];
const APAC_FIVE = ["ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"];
const APAC_SIX = [...APAC_FIVE, "ap-northeast-3"];
const APAC_SEVEN = [...APAC_SIX, "ap-south-2"];
const APAC_EIGHT = [...APAC_SEVEN, "ap-southeast-4"];
const JAPAN = ["ap-northeast-1", "ap-northeast-3"];
const AUSTRALIA = ["ap-southeast-2", "ap-southeast-4"];
const CANADA = ["ca-central-1", "ca-west-1"];
const US_GOV = ["us-gov-east-1", "us-gov-west-1"];

const CLAUDE_3 = [
  "anthropic.claude-3-haiku",
  "anthropic.claude-3-opus",
  "anthropic.claude-3-sonnet",
  "anthropic.claude-3-5-sonnet-20240620",
];
const CLAUDE_4 = [
  "anthropic.claude-haiku-4-5-",
  "anthropic.claude-opus-4-2025",
  "anthropic.claude-opus-4-1-",
  "anthropic.claude-opus-4-5-",
  "anthropic.claude-sonnet-4-2025",
  "anthropic.claude-sonnet-4-5-",
];
const NOVA_1 = ["amazon.nova-lite-v1", "amazon.nova-micro-v1", "amazon.nova-pro-v1"];

const FROM_US = ["us-", "ca-"];
const FROM_EU = ["eu-"];

const US_FAMILIES: readonly Family[] = [
  { models: [...CLAUDE_3, "meta.llama3-2-"], destinations: US_TWO, from: FROM_US },
  {
    models: [
      "anthropic.claude-3-5-",
      "anthropic.claude-3-7-",
      ...CLAUDE_4,
      ...NOVA_1,
      "amazon.nova-2-lite-v1",
      "amazon.nova-premier-v1",
      "cohere.embed-v4",
      "deepseek.r1",
      "meta.llama3-1-",
      "meta.llama3-3-",
      "meta.llama4-",
      "mistral.pixtral-large-2502",
      "writer.palmyra-x4",
      "writer.palmyra-x5",
    ],
    destinations: US_THREE,
    from: FROM_US,
  },
];

const EU_FAMILIES: readonly Family[] = [
  { models: [...CLAUDE_3, "meta.llama3-2-"], destinations: EU_THREE, from: FROM_EU },
  {
    models: ["anthropic.claude-3-7-", "mistral.pixtral-large-2502", ...NOVA_1],
    destinations: EU_FOUR,
    from: FROM_EU,
  },
  {
    models: [...CLAUDE_4, "amazon.nova-2-lite-v1", "cohere.embed-v4", "twelvelabs."],
    destinations: EU_SIX,
    from: FROM_EU,
  },
];

const APAC_FAMILIES: readonly Family[] = [
  { models: CLAUDE_3, destinations: APAC_FIVE, from: APAC_FIVE },
  { models: NOVA_1, destinations: APAC_SIX, from: APAC_FIVE },
  { models: ["anthropic.claude-3-5-sonnet-20241022"], destinations: APAC_SIX, from: APAC_SEVEN },
  { models: ["anthropic.claude-3-7-"], destinations: APAC_SEVEN, from: APAC_SEVEN },
  { models: ["anthropic.claude-sonnet-4-2025"], destinations: APAC_EIGHT, from: APAC_EIGHT },
];

const GEOGRAPHIES: ReadonlyMap<string, Geography> = new Map([
  ["us", { callers: FROM_US, widest: [...US_THREE, "us-west-1"], families: US_FAMILIES }],
  [
    "eu",
    {
      callers: ["eu-", "il-"],
      widest: [...EU_SIX, "eu-central-2", "eu-west-2"],
      families: EU_FAMILIES,
    },
  ],
  ["apac", { callers: ["ap-", "me-"], widest: [...APAC_EIGHT, "ap-southeast-3"], families: APAC_FAMILIES }],
  ["jp", { callers: JAPAN, widest: JAPAN, families: [] }],
  ["au", { callers: AUSTRALIA, widest: AUSTRALIA, families: [] }],
  ["ca", { callers: ["ca-"], widest: CANADA, families: [] }],
  ["us-gov", { callers: ["us-gov-"], widest: US_GOV, families: [] }],
]);

/** Stands for every region there is, where a call may be processed anywhere. */
export const ANYWHERE: readonly string[] = ["*"];

/** What a model id of Bedrock names. `region`: the one its ARN states. */
export type BedrockModel =
  /** Processed in the region that calls: foundation, provisioned, custom and imported models. */
  | { readonly type: "model"; readonly region: string | null }
  /** A profile of the system: `eu.anthropic.…`; `geography` may be `global`. */
  | {
      readonly type: "profile";
      readonly geography: string;
      readonly model: string;
      readonly region: string | null;
    }
  /** An application inference profile, a prompt router, or what this table does not know: perhaps anywhere. */
  | { readonly type: "unknown"; readonly region: string | null };

const IN_PLACE: ReadonlySet<string> = new Set([
  "foundation-model",
  "provisioned-model",
  "custom-model",
  "custom-model-deployment",
  "imported-model",
  "endpoint",
]);

/** Takes a plain id or an ARN. */
export function readBedrockModel(modelId: string): BedrockModel {
  if (!modelId.startsWith("arn:")) return readId(modelId, null);
  const [, , , region = "", , ...rest] = modelId.split(":");
  const resource = rest.join(":");
  const slash = resource.indexOf("/");
  const type = resource.slice(0, Math.max(slash, 0));
  const at = region === "" ? null : region;
  if (IN_PLACE.has(type)) return { type: "model", region: at };
  return type === "inference-profile"
    ? readId(resource.slice(slash + 1), at)
    : { type: "unknown", region: at };
}

function readId(id: string, region: string | null): BedrockModel {
  const dot = id.indexOf(".");
  const first = id.slice(0, Math.max(dot, 0));
  if (first === "global" || GEOGRAPHIES.has(first)) {
    return { type: "profile", geography: first, model: id.slice(dot + 1), region };
  }
  // Vendors' names are longer than two letters; a country's is a geography newer than the table.
  const foundation = dot > 0 && !/^[a-z]{2}(?:-[a-z]+)?$/.test(first);
  return foundation ? { type: "model", region } : { type: "unknown", region };
}

/**
 * Every region in which a call from `sourceRegion` may be processed, the source first; `["*"]` for a global
 * profile. Null where the id does not tell.
 */
export function profileRegions(modelId: string, sourceRegion: string): readonly string[] | null {
  const model = readBedrockModel(modelId);
  if (model.type === "unknown") return null;
  if (model.type === "model") return [sourceRegion];
  const geography = GEOGRAPHIES.get(model.geography);
  if (geography === undefined) return ANYWHERE;
  const family = geography.families.find(
    ({ models, from }) => beginsWithAny(model.model, models) && beginsWithAny(sourceRegion, from),
  );
  return [...new Set([sourceRegion, ...(family?.destinations ?? geography.widest)])];
}

/** Whether a profile of `geography` can be called from `region` at all. */
export function isCallableFrom(geography: string, region: string): boolean {
  const callers = GEOGRAPHIES.get(geography)?.callers;
  return callers === undefined || beginsWithAny(region, callers);
}

function beginsWithAny(text: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => text.startsWith(beginning));
}
