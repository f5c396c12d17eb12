import { expect, test } from "bun:test";
import { providerFault } from "./provider-fault.ts";

test("an overflow names no field: each dialect calls the limit of an answer otherwise", () => {
  const { message } = providerFault("context_length_exceeded", {});
  expect(message).toEndWith("lower the limit of the answer.");
  expect(message).not.toMatch(/_|maxOutputTokens/);
});
