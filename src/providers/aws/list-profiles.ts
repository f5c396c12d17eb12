/** Bedrock's own word on inference profiles. Owns the question; the client is loaded with the first one. */
import type { AwsHolder, AwsKeyring, AwsKeys } from "./keys.ts";

/** The regions a profile may send a call to, by the profile's id and by its ARN; `*` stands for all. */
export type ProfileRegions = ReadonlyMap<string, readonly string[]>;

/** Asks as `source.identity` in `source.region`. Throws what the client throws. */
export type ListProfiles = (source: AwsHolder) => Promise<ProfileRegions>;

const CONNECT_MS = 5_000;
const ANSWER_MS = 20_000;
const TYPES = ["SYSTEM_DEFINED", "APPLICATION"] as const;

/** `endpoint` takes the place of the region's control plane, for tests and private networks. */
export function createProfileLister(awsKeys: Pick<AwsKeyring, "keysFor">, endpoint?: string): ListProfiles {
  return async (source) => {
    const { BedrockClient, paginateListInferenceProfiles } = await import("@aws-sdk/client-bedrock");
    const client = new BedrockClient({
      region: source.region,
      credentials: async () => revealed(await awsKeys.keysFor(source)),
      // An API key in the environment belongs to the deployments that name it.
      authSchemePreference: ["sigv4"],
      maxAttempts: 2,
      requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS },
      ...(endpoint !== undefined && { endpoint }),
    });
    const found = new Map<string, readonly string[]>();
    try {
      for (const typeEquals of TYPES) {
        for await (const page of paginateListInferenceProfiles({ client, pageSize: 100 }, { typeEquals })) {
          for (const profile of page.inferenceProfileSummaries ?? []) addProfile(profile, found);
        }
      }
    } finally {
      client.destroy();
    }
    return found;
  };
}

function revealed({ accessKeyId, secretAccessKey, sessionToken }: AwsKeys) {
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken !== null && { sessionToken: sessionToken.reveal() }),
  };
}

interface Summary {
  readonly inferenceProfileId: string | undefined;
  readonly inferenceProfileArn: string | undefined;
  readonly models: readonly { readonly modelArn?: string | undefined }[] | undefined;
}

function addProfile(
  { inferenceProfileId: id, inferenceProfileArn: arn, models }: Summary,
  found: Map<string, readonly string[]>,
): void {
  // A model's ARN without a region is that of a global profile.
  const regions = new Set((models ?? []).map(({ modelArn }) => modelArn?.split(":")[3] || "*"));
  if (regions.size === 0) return;
  const sorted = [...regions].sort();
  if (id !== undefined) found.set(id, sorted);
  if (arn !== undefined) found.set(arn, sorted);
}
