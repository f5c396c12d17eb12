import { expect, test } from "bun:test";
import { banner } from "./banner.ts";

const URL_HERE = "http://127.0.0.1:8080";

test("what it says to try asks for a use case of the policy", () => {
  const tried = (useCases: Readonly<Record<string, "chat" | "embedding">>): readonly string[] => {
    const map = new Map(Object.entries(useCases).map(([id, taskType]) => [id, { taskType }]));
    return banner(URL_HERE, "pm_k", null, map).match(/"model":"([^"]+)"/g) ?? [];
  };
  const twice = (id: string) => [`"model":"${id}"`, `"model":"${id}"`];
  expect(tried({ vectors: "embedding", first: "chat", second: "chat" })).toEqual(twice("first"));
  expect(tried({ first: "chat", "support-chat": "chat" })).toEqual(twice("support-chat"));
  expect(tried({ vectors: "embedding" })).toEqual([]);
});

test("no shell reads a wildcard in it", () => {
  expect(banner(URL_HERE, "pm_k", null, new Map())).toContain(`curl '${URL_HERE}/admin/decisions?limit=1'`);
});

test("what it says of another terminal reaches this gateway, wherever it listens", () => {
  const said = (url: string) => banner(url, "pm_k", null, new Map()).trimEnd().split("\n").at(-1);
  expect(said(URL_HERE)).toBe("In another terminal: npx pointsman decisions tail");
  expect(said("http://127.0.0.1:23000")).toBe(
    "In another terminal: npx pointsman decisions tail --url http://127.0.0.1:23000",
  );
});
