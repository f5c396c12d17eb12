import { expect, test } from "bun:test";
import { fault } from "../core/faults.ts";
import { conflict } from "./problem.ts";
import { refuse } from "./refuse.ts";

const WHY = fault("not_found", "unknown_thing", "There is no such thing.");

async function refused(path: string, headers: Record<string, string> = {}) {
  const response = refuse({ path, headers: new Headers(headers) }, WHY, "req_1", { allow: "GET" });
  expect(response.status).toBe(404);
  expect(response.headers.get("x-request-id")).toBe("req_1");
  expect(response.headers.get("allow")).toBe("GET");
  return response.json();
}

test.each(["/v1/models", "/v1/models/{id}", "/v1/files/file_1", "/v1/batches"])(
  "%s is refused in OpenAI's words",
  async (path) => {
    expect(await refused(path)).toEqual({
      error: { message: WHY.message, type: "not_found_error", code: WHY.code, param: null },
      request_id: "req_1",
    });
  },
);

test("models are refused in Anthropic's words to its clients, files are not", async () => {
  const headers = { "anthropic-version": "2023-06-01" };
  expect(await refused("/v1/models/x", headers)).toMatchObject({
    type: "error",
    error: { type: "not_found_error", message: WHY.message },
  });
  expect(await refused("/v1/files/x", headers)).not.toHaveProperty("type");
});

test.each(["/v1/jobs", "/admin/decisions", "/v1/modelsx"])("%s has words of its own", async (path) => {
  expect(await refused(path)).toMatchObject({ error: { type: "not_found", code: WHY.code } });
});

test("what clashes with another's act has a status of its own, and our words on every path", async () => {
  const clash = refuse(
    { path: "/v1/batches", headers: new Headers() },
    conflict("again", "Look again."),
    "req_1",
  );
  expect([clash.status, await clash.json()]).toMatchObject([409, { error: { type: "conflict" } }]);
});
