/** How a policy says where credentials come from, by how they are shown. Owns their written form. */
import { z } from "zod";
import { environmentVariable, exactlyOne, headerName } from "./fields.ts";

const source = {
  env: environmentVariable.optional().describe("Environment variable that holds the secret."),
  file: z.string().min(1).max(4096).optional().describe("File that holds the secret, alone on a line."),
};

function keySource(usual: "bearer" | { readonly header: string }) {
  const shown = usual === "bearer" ? "bearer" : `{ header: ${usual.header} }`;
  return {
    ...source,
    style: z
      .union([z.literal("bearer"), z.strictObject({ header: headerName.describe("Header's name.") })])
      .prefault(usual)
      .describe(
        `\`bearer\` sends \`Authorization: Bearer …\`; \`{ header: … }\` sends it in that header. Usual here: \`${shown}\`.`,
      ),
  };
}

/** A key in one header; which one is usual depends on the provider. */
export function keyCredential(usual: "bearer" | { readonly header: string }) {
  return z
    .strictObject(keySource(usual))
    .refine(exactlyOne(["env", "file"]), "must have exactly one of env and file");
}

/** A secret that is not sent as a header. */
export const secretSource = z
  .strictObject(source)
  .refine(exactlyOne(["env", "file"]), "must have exactly one of env and file");

const awsIdentity = z
  .strictObject({
    profile: z
      .string()
      .regex(/^[^\s\]]{1,128}$/, "must be the name of a profile without spaces")
      .optional()
      .describe("Profile of the shared AWS configuration to begin with."),
    role_arn: z
      .string()
      .regex(/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, "must be the ARN of a role")
      .optional()
      .describe("Role to assume with what the chain finds."),
    external_id: z
      .string()
      .regex(/^[\w+=,.@:/-]{2,1224}$/, "must be an external id, 2 characters or more")
      .optional()
      .describe("External id that the role's trust policy asks for."),
  })
  .refine(({ role_arn, external_id }) => external_id === undefined || role_arn !== undefined, {
    error: "must have a role_arn beside external_id",
  })
  .describe(
    "AWS's standard chain: environment, shared files, SSO, web identity, container, instance. `{}`: as it is.",
  );

/** A signature of AWS. */
export const awsCredential = z.strictObject({ aws: awsIdentity }).prefault({ aws: {} });

/** A signature of AWS, or an API key of Bedrock. */
export const bedrockCredential = z
  .strictObject({ ...source, aws: awsIdentity.optional() })
  .refine(exactlyOne(["aws", "env", "file"]), "must have exactly one of aws, env and file")
  .prefault({ aws: {} });

const entra = z
  .strictObject({
    tenant_id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$/, "must be a tenant's id or domain")
      .optional()
      .describe("Tenant; default: AZURE_TENANT_ID, or the identity's own."),
    client_id: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, "must be a client id")
      .optional()
      .describe("Application or user-assigned managed identity; default: AZURE_CLIENT_ID."),
  })
  .describe(
    "Microsoft Entra's default chain: environment, workload identity, managed identity, CLI. `{}`: as it is.",
  );

/** An API key, or a token of Entra. */
export const azureCredential = z
  .strictObject({ ...keySource({ header: "api-key" }), entra: entra.optional() })
  .refine(exactlyOne(["entra", "env", "file"]), "must have exactly one of entra, env and file");

/** A token of Google. */
export const googleCredential = z
  .strictObject({
    google: z
      .strictObject({
        key_file: z
          .string()
          .min(1)
          .max(4096)
          .optional()
          .describe("Credentials file (a service account's key, or workload identity federation)."),
      })
      .describe("Application default credentials, or a file's. `{}`: as they are."),
  })
  .prefault({ google: {} });
