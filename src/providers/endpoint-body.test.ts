import { expect, test } from "bun:test";
import type { Deployment, Endpoint } from "../core/deployment.ts";
import { BASE_POLICY, snapshotOf } from "../policy/fake-policy.ts";
import { endpointBody } from "./endpoint-body.ts";

const BASE = snapshotOf(BASE_POLICY).deployments.get("large-us");
const BODY = { model: "claude-sonnet-4-5@20250929", messages: [] };

function deploymentAt(endpoint: Endpoint): Deployment {
  if (BASE === undefined) throw new Error("no deployment");
  return { ...BASE, endpoint };
}

const vertex = (publisher: "google" | "anthropic") =>
  deploymentAt({ type: "vertex", project: "p-1", location: "europe-west4", publisher });

test("Claude on Vertex is named by the path, and by the body where tokens are counted", () => {
  const anthropic_version = "vertex-2023-10-16";
  expect(endpointBody(vertex("anthropic"), "chat", BODY)).toEqual({ messages: [], anthropic_version });
  expect(endpointBody(vertex("anthropic"), "count_tokens", BODY)).toEqual({ ...BODY, anthropic_version });
});

test("every other endpoint has the wire's own body", () => {
  expect(endpointBody(vertex("google"), "chat", BODY)).toBe(BODY);
  expect(endpointBody(deploymentAt({ type: "plain" }), "count_tokens", BODY)).toBe(BODY);
});
