import { describe, expect, test } from "bun:test";
import { ClientSecretCredential, DefaultAzureCredential } from "@azure/identity";
import { entraCredential, issueEntraToken } from "./entra.ts";

const SCOPE = "https://cognitiveservices.azure.com/.default";
const TENANT = "11111111-1111-1111-1111-111111111111";

test("the token and its end are what the credential says, for the scope that is asked", async () => {
  const scopes: unknown[] = [];
  const issuer = { type: "entra", tenantId: TENANT } as const;
  const lease = await issueEntraToken(issuer, SCOPE, {}, () => ({
    async getToken(scope) {
      scopes.push(scope);
      return { token: "eyJ0", expiresOnTimestamp: 1_800_000_000_000 };
    },
  }));
  expect(lease.value.reveal()).toBe("eyJ0");
  expect(lease.expiresAt).toBe(1_800_000_000_000);
  expect(scopes).toEqual([SCOPE]);
});

test("no token is an error", async () => {
  const none = issueEntraToken({ type: "entra" }, SCOPE, {}, () => ({ getToken: async () => null }));
  await expect(none).rejects.toThrow("no access token");
});

describe("which credential is asked", () => {
  const secret = { AZURE_TENANT_ID: TENANT, AZURE_CLIENT_ID: "app", AZURE_CLIENT_SECRET: "s" };
  test.each([
    ["the environment's client secret", {}, secret, ClientSecretCredential],
    ["its secret for the application named", { clientId: "app" }, secret, ClientSecretCredential],
    [
      "its secret for an application that only the policy names",
      { tenantId: TENANT, clientId: "app" },
      { AZURE_CLIENT_SECRET: "s" },
      ClientSecretCredential,
    ],
    ["not the secret of another application", { clientId: "identity" }, secret, DefaultAzureCredential],
    ["the default chain without a secret", { tenantId: TENANT }, {}, DefaultAzureCredential],
    ["the default chain without anything", {}, {}, DefaultAzureCredential],
  ])("%s", (_what, issuer, environment, type) => {
    expect(entraCredential({ type: "entra", ...issuer }, environment)).toBeInstanceOf(type);
  });
});
