import { expect, test } from "bun:test";
import type { TokenIssuer } from "../../core/deployment.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { Secret } from "../../core/secret.ts";
import { createTokenWallet, type IssueToken, type TokenCredential } from "./token-wallet.ts";

const SCOPE = "https://example.com/.default";

function fakeIssuer(): { readonly asked: TokenIssuer[]; readonly issue: IssueToken } {
  const asked: TokenIssuer[] = [];
  const issue: IssueToken = async (issuer) => {
    asked.push(issuer);
    return { value: new Secret(`token-${asked.length}`), expiresAt: null };
  };
  return { asked, issue };
}

const credential = (issuer: TokenIssuer, scope = SCOPE): TokenCredential => ({
  type: "token",
  issuer,
  scope,
});

test("credentials that say the same share a token, also across policies", async () => {
  const { asked, issue } = fakeIssuer();
  const wallet = createTokenWallet(new FakeClock(), issue);
  const first = await wallet.tokenFor(credential({ type: "google" }));
  const second = wallet.tokenFor(credential({ type: "google" }));
  expect(second).toBe(first);
  expect(asked).toEqual([{ type: "google" }]);
});

test("another identity or scope has a token of its own", async () => {
  const { asked, issue } = fakeIssuer();
  const wallet = createTokenWallet(new FakeClock(), issue);
  const credentials = [
    credential({ type: "google" }),
    credential({ type: "google", keyFile: "/a.json" }),
    credential({ type: "entra", tenantId: "t" }),
    credential({ type: "entra", tenantId: "t", clientId: "c" }),
    credential({ type: "entra", tenantId: "t" }, "https://other.example.com/.default"),
  ];
  const tokens = await Promise.all(credentials.map((each) => wallet.tokenFor(each)));
  expect(new Set(tokens.map((token) => token.reveal())).size).toBe(5);
  expect(asked).toHaveLength(5);
});
