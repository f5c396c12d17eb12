/** A policy with many deployments, of which traffic uses two. */

const REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-south-1"] as const;
const MODEL_OF = 25;
const USE_CASES = 200;

export interface LargePolicyOptions {
  readonly deployments: number;
  /** A policy of its own for each number. */
  readonly revision: number;
  /** SHA-256 of the caller's key. */
  readonly keySha256: string;
  /** Where every deployment is served. */
  readonly upstreamPort: number;
}

/** `deployments` of a 25th as many models, 200 use cases, a rule for each, and the use case `bench`. */
export function largePolicyText(options: LargePolicyOptions): string {
  const { deployments, revision, keySha256, upstreamPort } = options;
  const models = Math.max(2, Math.floor(deployments / MODEL_OF));
  const lines = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i));
  const model = (i: number) =>
    `  m${i}: { context_window: 128000, max_output_tokens: 4096, capabilities: [tools, json_schema], prices: { input: ${1 + (i % 7)}, output: ${5 + ((i + revision) % 11)} } }`;
  const deployment = (i: number) =>
    `  d${i}: { model: m${i % models}, provider: up, model_id: id-${i}, region: ${REGIONS[Math.floor(i / models) % REGIONS.length]}, weight: ${1 + (i % 5)} }`;
  const ladder = (i: number) =>
    `{ primary: m${i % models}@us-east-1, fallback: [m${(i + 1) % models}], degraded: [{ busy: { message: Later. } }] }`;
  return [
    "version: 1",
    "name: large",
    `providers: { up: { kind: openai-compatible, base_url: "http://127.0.0.1:${upstreamPort}/v1", credential: none } }`,
    "models:",
    ...lines(models, model),
    "deployments:",
    ...lines(deployments, deployment),
    "use_cases:",
    `  bench: { description: revision ${revision}, ladder: ${ladder(0)} }`,
    ...lines(USE_CASES, (i) => `  u${i}: { ladder: ${ladder(i)} }`),
    "routes:",
    ...lines(
      USE_CASES,
      (i) =>
        `  - { name: r${i}, use_case: u${i}, when: 'caller.tenant == "t${i}" && signals.input_tokens > ${i}', ladder: { primary: m${i % models} } }`,
    ),
    `keys: [{ id: bench, sha256: ${keySha256}, tenant: bench, role: admin }]`,
    "",
  ].join("\n");
}
