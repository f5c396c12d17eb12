import { expect, test } from "bun:test";
import { answerThrown } from "./app.ts";

test("what is thrown past everything is answered by an id alone, and reported under it", async () => {
  const reported: [string, unknown][] = [];
  const ports = {
    ids: { next: () => "req_1" },
    reportInternal: (id: string, why: unknown) => void reported.push([id, why]),
  };
  const thrown = new TypeError("Header 'x' has invalid value: 'what the caller wrote'");
  const response = answerThrown(ports, thrown);
  expect([response.status, response.headers.get("x-request-id")]).toEqual([500, "req_1"]);
  expect(await response.json()).toEqual({
    error: {
      message: "The gateway failed. Quote request id req_1.",
      type: "internal",
      code: "internal_error",
      param: null,
    },
    request_id: "req_1",
  });
  expect(reported).toEqual([["req_1", thrown]]);
});
