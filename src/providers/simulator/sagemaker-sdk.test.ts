/** The AWS SDK's SageMaker Runtime client finds in the simulator what it finds at an endpoint. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import {
  InvokeEndpointCommand,
  InvokeEndpointWithResponseStreamCommand,
  ModelError,
  SageMakerRuntimeClient,
} from "@aws-sdk/client-sagemaker-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { FakeClock } from "../../core/fake-clock.ts";
import { createSseParser } from "../../wires/sse.ts";
import { compileScenario, scenarioSchema } from "./scenario.ts";
import { type Simulator, startSimulator } from "./server.ts";

let simulator: Simulator;
let client: SageMakerRuntimeClient;

beforeAll(async () => {
  const scenario = compileScenario(scenarioSchema.parse({ version: 1 }));
  simulator = await startSimulator({ scenario, host: "127.0.0.1", port: 0, clock: new FakeClock() });
  client = new SageMakerRuntimeClient({
    endpoint: `${simulator.url}/tuned-us`,
    region: "us-east-1",
    credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await simulator.close();
});

afterEach(() => simulator.clear());

function input(stream: boolean) {
  const messages = [{ role: "user", content: "Where is my parcel?" }];
  const Body = new TextEncoder().encode(JSON.stringify({ model: "tuned", messages, stream }));
  return { EndpointName: "tuned", ContentType: "application/json", Body };
}

test("InvokeEndpoint gives the container's answer", async () => {
  const { Body } = await client.send(new InvokeEndpointCommand(input(false)));
  const answer = JSON.parse(new TextDecoder().decode(Body));
  expect(answer.choices[0].message.content).toContain("Where is my parcel?");
});

test("InvokeEndpointWithResponseStream gives the container's events in payload parts", async () => {
  const { Body } = await client.send(new InvokeEndpointWithResponseStreamCommand(input(true)));
  const parser = createSseParser();
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of Body ?? []) {
    for (const frame of parser.push(decoder.decode(part.PayloadPart?.Bytes, { stream: true }))) {
      if (frame.data !== "[DONE]") text += JSON.parse(frame.data).choices[0]?.delta.content ?? "";
    }
  }
  expect(text).toContain("Where is my parcel?");
});

test("what the container says against a request is inside the host's ModelError", async () => {
  simulator.inject({ fault: "context_overflow" });
  const thrown = await client
    .send(new InvokeEndpointCommand(input(false)))
    .catch((reason: unknown) => reason);
  if (!(thrown instanceof ModelError)) throw new Error("no ModelError");
  expect(thrown).toMatchObject({ OriginalStatusCode: 400, $metadata: { httpStatusCode: 424 } });
  expect(JSON.parse(thrown.OriginalMessage ?? "")).toMatchObject({
    error: { code: "context_length_exceeded" },
  });
});

test("the host throttles in its own name", async () => {
  simulator.inject({ fault: "throttle" });
  const sent = client.send(new InvokeEndpointCommand(input(false)));
  await expect(sent).rejects.toMatchObject({
    name: "ThrottlingException",
    $metadata: { httpStatusCode: 400 },
  });
});

test("a stream that fails midway ends with an exception of the host's", async () => {
  simulator.inject({ fault: { error_in_stream_after_tokens: 2 } });
  const { Body } = await client.send(new InvokeEndpointWithResponseStreamCommand(input(true)));
  let parts = 0;
  const reading = (async () => {
    for await (const part of Body ?? []) if (part.PayloadPart) parts++;
  })();
  await expect(reading).rejects.toMatchObject({ name: "ModelStreamError", ErrorCode: "StreamBroken" });
  expect(parts).toBeGreaterThan(1);
});
