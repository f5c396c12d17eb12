import { expect, test } from "bun:test";
import { awsErrorName, awsStatusOf, codeOf } from "./thrown.ts";

test.each([
  [Object.assign(new Error("a"), { code: "ECONNRESET" }), "ECONNRESET"],
  [new Error("a", { cause: new Error("b", { cause: { code: "ENOTFOUND" } }) }), "ENOTFOUND"],
  [Object.assign(new Error("a", { cause: { code: "INNER" } }), { code: "OUTER" }), "OUTER"],
  [Object.assign(new Error("a", { cause: { code: "INNER" } }), { code: 7 }), "INNER"],
  [new Error("a"), null],
  ["ECONNRESET", null],
  [null, null],
])("the code of %p", (thrown, code) => {
  expect(codeOf(thrown)).toBe(code);
});

test("an error that caused itself has an end", () => {
  const error = new Error("a");
  error.cause = error;
  expect(codeOf(error)).toBeNull();
});

test("the name and the status of what AWS's client throws", () => {
  const thrown = Object.assign(new Error("text"), { name: "NoSuchKey", $metadata: { httpStatusCode: 404 } });
  expect(awsErrorName(thrown)).toBe("NoSuchKey");
  expect(awsStatusOf(thrown)).toBe(404);
  expect(awsErrorName(Object.assign(new Error("text"), { name: "see https://x y" }))).toBe("unknown error");
  expect(awsStatusOf(Object.assign(new Error("text"), { $metadata: {} }))).toBeNull();
});
