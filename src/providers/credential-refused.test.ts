import { expect, test } from "bun:test";
import type { Credential } from "../core/deployment.ts";
import { Secret } from "../core/secret.ts";
import { readBedrockError } from "../wires/bedrock-errors.ts";
import { openaiChat } from "../wires/openai-chat.ts";
import { refusesWhoCalls } from "./credential-refused.ts";

const bearer: Credential = { type: "bearer", secret: new Secret("k") };
const aws: Credential = { type: "aws", service: "bedrock", region: "eu-west-1", identity: {} };

test("a key that is refused with the status of a wrong request is doubted all the same", () => {
  const body = { error: "Incorrect API key provided: xa***23." };
  expect(refusesWhoCalls(openaiChat.readError(400, new Headers(), body, 0), bearer)).toBe(true);
});

test("what an account may not do, no other keys of it may", () => {
  const named = (name: string) => new Headers({ "x-amzn-errortype": name });
  const refused = (name: string, message: string) =>
    refusesWhoCalls(readBedrockError(400, named(name), { message }, 0), aws);
  expect(refused("ValidationException", "Operation not allowed")).toBe(false);
  expect(refused("ExpiredTokenException", "The security token has expired.")).toBe(true);
});
