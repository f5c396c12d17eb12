/** What the parts of this wire share. Owns its name and the headers in which it carries what no body has. */

import { GUARDRAIL_HEADERS, SERVICE_HEADERS } from "../bedrock-claude-body.ts";

export const WIRE_ID = "bedrock-invoke";

/** Logged beside the call; here also a place for the capability contract. JSON, a map of strings. */
export const METADATA_HEADER = "x-amzn-bedrock-request-metadata";

/** Those that belong to the request and not to its transport. */
export const PASSED_HEADERS: readonly string[] = [
  ...GUARDRAIL_HEADERS,
  METADATA_HEADER,
  "x-amzn-bedrock-trace",
  ...SERVICE_HEADERS.keys(),
];
