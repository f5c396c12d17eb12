import { expect, test } from "bun:test";
import { inspect } from "node:util";
import { Secret } from "./secret.ts";

test("a secret shows in no rendering and only reveal gives it", () => {
  const secret = new Secret("sk-very-private");
  const renderings = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }),
    inspect(secret),
  ];
  for (const text of renderings) expect(text).not.toContain("private");
  expect(secret.reveal()).toBe("sk-very-private");
});
