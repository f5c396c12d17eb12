/** What the parts of this wire share. Owns its name and the headers in which it carries what no body has. */

export const WIRE_ID = "bedrock-invoke";

/** The API version that Bedrock wants in every body for Claude; there is no other. */
export const ANTHROPIC_VERSION = "bedrock-2023-05-31";

/** Logged beside the call; here also a place for the capability contract. JSON, a map of strings. */
export const METADATA_HEADER = "x-amzn-bedrock-request-metadata";

/** What a model would have to honour. */
export const GUARDRAIL_HEADERS = [
  "x-amzn-bedrock-guardrailidentifier",
  "x-amzn-bedrock-guardrailversion",
] as const;

/** Asked of Bedrock alone, each with the value that asks for nothing. */
export const SERVICE_HEADERS: ReadonlyMap<string, string> = new Map([
  ["x-amzn-bedrock-performanceconfig-latency", "standard"],
  ["x-amzn-bedrock-service-tier", "default"],
]);

/** Those that belong to the request and not to its transport. */
export const PASSED_HEADERS: readonly string[] = [
  ...GUARDRAIL_HEADERS,
  METADATA_HEADER,
  "x-amzn-bedrock-trace",
  ...SERVICE_HEADERS.keys(),
];
