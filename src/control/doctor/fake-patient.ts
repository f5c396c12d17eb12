/** A policy with real providers, and a world in which all of them are well unless a test says otherwise. */
import { FakeClock } from "../../core/fake-clock.ts";
import { type Fault, type FaultCause, type FaultKind, fault } from "../../core/faults.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { PolicyDocument } from "../../policy/document/document.ts";
import { resolveCredential } from "../../providers/credentials.ts";
import type { ProviderReply } from "../../providers/send.ts";
import { compileSources } from "../policy/in-force/compile-sources.ts";
import type { CheckResult } from "./check-result.ts";
import type { DoctorOptions, DoctorPorts, ModelCall } from "./doctor-ports.ts";
import { examine } from "./examine.ts";

export const SECRET = "sk-4f9a8b7c6d5e4f3a2b1c0d9e";
export const ENVIRONMENT = { KEY: SECRET };

/** One deployment of each way to prove oneself, and of each operation. */
export const PATIENTS = `version: 1
name: patients
providers:
  sim: { kind: simulator }
  open: { kind: openai-compatible, base_url: "http://127.0.0.1:8000/v1" }
  openai: { kind: openai, credential: { env: KEY } }
  unset: { kind: anthropic, credential: { env: NOT_SET } }
  azure: { kind: azure-openai, resource: contoso, credential: { entra: {} } }
  bedrock: { kind: bedrock }
  bedrock-key: { kind: bedrock, credential: { env: KEY } }
  sagemaker: { kind: sagemaker, credential: { aws: { profile: ml } } }
  gemini: { kind: gemini, credential: { env: KEY } }
  vertex: { kind: vertex, project: my-project-1 }
models:
  chat: { context_window: 1000, max_output_tokens: 500, prices: { input: 3, output: 15 } }
  vectors: { context_window: 1000, capabilities: [embeddings], prices: { input: 1, output: 0 } }
  unpriced: { context_window: 1000 }
  retired: { context_window: 1000, status: retired, prices: { input: 1, output: 1 } }
deployments:
  sim: { model: chat, provider: sim, model_id: c, region: eu-west-1 }
  open: { model: unpriced, provider: open, model_id: o, region: here }
  gpt: { model: chat, provider: openai, model_id: gpt-4.1, region: us-east-1 }
  embedder: { model: vectors, provider: openai, model_id: embed-3, region: us-east-1 }
  claude: { model: chat, provider: unset, model_id: claude, region: us-east-1 }
  azure: { model: chat, provider: azure, model_id: prod, region: swedencentral }
  bedrock: { model: chat, provider: bedrock, model_id: "anthropic.claude-x-v1:0", region: eu-central-1 }
  profile: { model: chat, provider: bedrock, model_id: "eu.anthropic.claude-x-v1:0", region: eu-central-1 }
  bearer: { model: chat, provider: bedrock-key, model_id: "us.anthropic.claude-x-v1:0", region: us-east-1 }
  sagemaker: { model: chat, provider: sagemaker, model_id: llama, region: eu-west-1 }
  gemini: { model: chat, provider: gemini, model_id: gemini-x, region: us-central1 }
  vertex: { model: chat, provider: vertex, model_id: gemini-x, region: europe-west4 }
  old: { model: retired, provider: openai, model_id: gpt-3, region: us-east-1 }
use_cases:
  anything: { ladder: { primary: chat } }
`;

export interface Patient {
  readonly snapshot: ConfigSnapshot;
  readonly document: PolicyDocument;
}

export function patientOf(
  text: string = PATIENTS,
  environment: Readonly<Record<string, string>> = ENVIRONMENT,
): Patient {
  const { built, findings } = compileSources([{ file: "policy.yaml", text }], {
    environment: null,
    credential: (source) => resolveCredential(source, environment),
    keyHash: () => null,
    simulatorUrl: "http://simulator.invalid",
  });
  if (built === null) throw new Error(findings.map(({ message }) => message).join("\n"));
  return built;
}

export function deploymentOf(id: string, patient: Patient = patientOf()) {
  const deployment = patient.snapshot.deployments.get(id);
  if (deployment === undefined) throw new Error(`There is no deployment ${id}.`);
  return deployment;
}

/** What was asked of the world, each as a test would write it down. */
export interface FakeWorld {
  readonly ports: DoctorPorts;
  readonly clock: FakeClock;
  readonly asked: string[];
  readonly calls: ModelCall[];
}

export function fakeWorld(change: Partial<DoctorPorts> = {}): FakeWorld {
  const clock = new FakeClock();
  const asked: string[] = [];
  const calls: ModelCall[] = [];
  const ports: DoctorPorts = {
    clock,
    environment: {},
    authorize: () => undefined,
    async send(call) {
      calls.push(call);
      return { ok: true, value: ANSWER };
    },
    async resolveHost(host) {
      asked.push(`resolve ${host}`);
      return ["127.0.0.1"];
    },
    async connect({ host, port, secure }) {
      asked.push(`${secure ? "tls" : "tcp"} ${host}:${port}`);
    },
    async fetchDate(origin) {
      asked.push(`date ${origin}`);
      return new Date(clock.now()).toUTCString();
    },
    ...change,
  };
  return { ports, clock, asked, calls };
}

const ANSWER: ProviderReply = {
  kind: "whole",
  events: [
    {
      type: "finish",
      reason: { unified: "length", raw: null },
      usage: {
        inputTokens: 8,
        cacheReadTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 16,
        reasoningTokens: 0,
      },
    },
  ],
  warnings: [],
};

export async function examined(
  patient: Patient,
  world: FakeWorld,
  options: Partial<DoctorOptions> = {},
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  await examine(
    { ...patient, only: null, offline: false, timeoutMs: 10_000, signal: null, ...options },
    world.ports,
    (result) => results.push(result),
  );
  return results;
}

/** A fault as a wire makes it of a provider's answer. */
export function providerSaid(kind: FaultKind, cause: FaultCause, code = "provider_said"): Fault {
  return fault(kind, code, "For callers.", { cause });
}
