/** The code by which the documentation tells receivers to check what they are sent. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../core/secret.ts";
import { SIGNATURE_HEADER, signWebhook } from "../tickets/sign-webhook.ts";
import { signedHeaders } from "./sign.ts";

type Headers = Readonly<Record<string, string>>;
type Check = (headers: Headers, body: string, secret: string, now?: number) => boolean;

const NOW = Date.UTC(2026, 0, 1);
const BODY = '{"type":"job.completed"}';
const SECRET = "whsec_c29tZSBieXRlcw==";

const folder = mkdtempSync(join(tmpdir(), "pointsman-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The function `isSigned` of a page, as a reader would copy it. */
async function documented(page: string): Promise<Check> {
  const text = readFileSync(join(import.meta.dir, "../../../docs", page), "utf8");
  const code = /```js\n(import \{ createHmac[\s\S]*?)```/.exec(text)?.[1];
  if (code === undefined) throw new Error(`${page} shows no check.`);
  const file = join(folder, `${page}.mjs`);
  writeFileSync(file, code);
  const module: { readonly isSigned: Check } = await import(file);
  return module.isSigned;
}

const PAGES: readonly [page: string, header: string, sign: (secret: string) => Headers][] = [
  ["jobs.md", "webhook-signature", (secret) => signedHeaders("msg_1", BODY, new Secret(secret), NOW)],
  [
    "degraded.md",
    SIGNATURE_HEADER,
    (secret) => ({ [SIGNATURE_HEADER]: signWebhook(BODY, new Secret(secret), NOW) }),
  ],
];

test.each(PAGES)(
  "%s: what the gateway signs is taken, whatever the secret looks like",
  async (page, _, sign) => {
    const isSigned = await documented(page);
    for (const secret of [SECRET, "plain words", "c29tZSBieXRlcw=="]) {
      expect(isSigned(sign(secret), BODY, secret, NOW + 1000)).toBe(true);
    }
  },
);

test.each(PAGES)(
  "%s: another's, an altered and an old one are refused, and none throws",
  async (page, header, sign) => {
    const isSigned = await documented(page);
    const sent = sign(SECRET);
    expect(isSigned(sent, `${BODY} `, SECRET, NOW)).toBe(false);
    expect(isSigned(sent, BODY, "another", NOW)).toBe(false);
    expect(isSigned(sent, BODY, SECRET, NOW + 301_000)).toBe(false);
    for (const forged of ["v1,abc", "", "v1,", "t=1,v1=00", "nonsense", "v1a,x v2,y"]) {
      expect(isSigned({ ...sent, [header]: forged }, BODY, SECRET, NOW)).toBe(false);
    }
    expect(isSigned({}, BODY, SECRET, NOW)).toBe(false);
  },
);

test("one of several signatures is enough, as while a secret is replaced", async () => {
  const isSigned = await documented("jobs.md");
  const sent = signedHeaders("msg_1", BODY, new Secret(SECRET), NOW);
  const both = { ...sent, "webhook-signature": `v1,b3RoZXI= ${sent["webhook-signature"]}` };
  expect(isSigned(both, BODY, SECRET, NOW)).toBe(true);
});
