/** Looks at the deployments of a policy, several at a time. Owns the order of the checks and what follows what. */
import type { Deployment } from "../../core/deployment.ts";
import { checkAddress } from "./check-address.ts";
import { judgeSkew, measureSkew, type Skew } from "./check-clock.ts";
import { checkCredential } from "./check-credential.ts";
import { checkModel } from "./check-model.ts";
import { checkPrices } from "./check-prices.ts";
import { checkResidency } from "./check-residency.ts";
import { type CheckName, type CheckResult, NOT_ASKED, skipped, type Verdict } from "./check-result.ts";
import { placeOf } from "./credential-place.ts";
import type { DoctorOptions, DoctorPorts } from "./doctor-ports.ts";
import { inParallel } from "./in-parallel.ts";
import type { Limit } from "./try-within.ts";

const AT_ONCE = 8;

/** What is known of an endpoint that several deployments share. */
interface Endpoint {
  readonly address: Verdict;
  readonly skew: Skew;
}

interface Examination {
  readonly options: DoctorOptions;
  readonly ports: DoctorPorts;
  readonly limit: Limit;
  /** Asked once an origin. */
  readonly endpointOf: (baseUrl: string) => Promise<Endpoint>;
}

type Said = readonly [CheckName, Verdict];

/** `onResult` hears the results of one deployment together, as soon as they are all known. Never rejects. */
export async function examine(
  options: DoctorOptions,
  ports: DoctorPorts,
  onResult: (result: CheckResult) => void,
): Promise<void> {
  const { snapshot, only, signal } = options;
  const limit = { clock: ports.clock, withinMs: options.timeoutMs, signal };
  const endpointOf = oncePerOrigin((baseUrl) => askEndpoint(baseUrl, ports, limit));
  const examination = { options, ports, limit, endpointOf };
  const chosen = [...snapshot.deployments.values()].filter(({ id }) => only === null || id === only);
  await inParallel(chosen, AT_ONCE, signal, async (deployment) => {
    const said = await examineDeployment(deployment, examination);
    if (signal?.aborted) return;
    for (const [check, verdict] of said) onResult({ deployment: deployment.id, check, ...verdict });
  });
}

async function examineDeployment(deployment: Deployment, examination: Examination): Promise<readonly Said[]> {
  const { snapshot } = examination.options;
  const said: Said[] = deployment.simulated
    ? [["model", skipped("simulated: nothing to check")]]
    : await callDeployment(deployment, examination);
  for (const verdict of checkResidency(deployment, snapshot.useCases)) said.push(["residency", verdict]);
  const prices = checkPrices(deployment);
  if (prices !== null) said.push(["prices", prices]);
  return said;
}

async function callDeployment(
  deployment: Deployment,
  { options, ports, limit, endpointOf }: Examination,
): Promise<Said[]> {
  const { offline, document } = options;
  const { credential, baseUrl, model } = deployment;
  const place = placeOf(credential, document.providers[deployment.provider], ports.environment);
  const { authorize } = ports;
  const proof = await checkCredential({ deployment, place, offline, limit, authorize });
  const said: Said[] = [["credential", proof]];
  if (offline) {
    for (const check of ["address", "clock", "model"] as const) said.push([check, NOT_ASKED]);
    return said;
  }
  const { address, skew } = await endpointOf(baseUrl);
  said.push(["address", address]);
  if (address.status === "failed") {
    said.push(
      ["clock", skipped("Not asked: the address failed.")],
      ["model", skipped("Not called: the address failed.")],
    );
    return said;
  }
  said.push(["clock", judgeSkew(skew, credential.type === "aws")]);
  if (proof.status === "failed") said.push(["model", skipped("Not called: its credential is not there.")]);
  else if (model.status === "retired") said.push(["model", skipped("Not called: the model is retired.")]);
  else said.push(["model", await checkModel(deployment, place, ports, limit)]);
  return said;
}

async function askEndpoint(baseUrl: string, ports: DoctorPorts, limit: Limit): Promise<Endpoint> {
  const address = await checkAddress(baseUrl, ports, limit);
  if (address.status === "failed") return { address, skew: { ok: false } };
  return { address, skew: await measureSkew(new URL(baseUrl).origin, ports, limit) };
}

function oncePerOrigin(ask: (baseUrl: string) => Promise<Endpoint>): (baseUrl: string) => Promise<Endpoint> {
  const asked = new Map<string, Promise<Endpoint>>();
  return (baseUrl) => {
    const { origin } = new URL(baseUrl);
    let endpoint = asked.get(origin);
    if (endpoint === undefined) {
      endpoint = ask(baseUrl);
      asked.set(origin, endpoint);
    }
    return endpoint;
  };
}
