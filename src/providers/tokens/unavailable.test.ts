import { expect, test } from "bun:test";
import { authorizationFault, CredentialsUnavailable, CredentialUnfit } from "./unavailable.ts";

test("the caller hears what is wrong, the operator why", () => {
  const cause = Object.assign(new Error("Could not load credentials from any providers"), {
    name: "CredentialsProviderError",
  });
  const fault = authorizationFault(new CredentialsUnavailable("AWS", cause));
  expect(fault).toMatchObject({ kind: "outage", code: "credentials_unavailable" });
  expect(fault?.message).not.toContain("AWS");
  expect(fault?.cause).toEqual({
    code: "CredentialsProviderError",
    detail: "No credentials of AWS could be had. Could not load credentials from any providers",
  });
});

test("what a parser says of a credentials file is not repeated, since it quotes the file", () => {
  const fault = authorizationFault(new CredentialsUnavailable("Google", new SyntaxError("near 'MIIEvQ'")));
  expect(JSON.stringify(fault)).not.toContain("MIIEvQ");
});

test("what a library says is cut to a bearable length", () => {
  const fault = authorizationFault(new CredentialsUnavailable("AWS", new Error("x".repeat(5000))));
  expect(fault?.cause?.detail?.length).toBe(300);
});

test("a secret that is none is our configuration's fault, and no news of the provider", () => {
  expect(authorizationFault(new CredentialUnfit())).toMatchObject({
    kind: "provider_auth",
    code: "credential_unfit",
    unsent: true,
  });
});

test("any other error is somebody else's", () => {
  expect(authorizationFault(new Error("connection refused"))).toBeNull();
});
