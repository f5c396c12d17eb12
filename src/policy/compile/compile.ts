/** From a valid document to the snapshot that serves traffic. Owns the order; each part has its file. */

import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { runSteps, type Steps } from "../../core/steps.ts";
import { withFlags, withUseCases } from "../conditions/conditions.ts";
import { ESTIMATED_SIGNALS, prepareEstimates } from "../conditions/rule-facts.ts";
import { digestOf } from "../digest.ts";
import type { PolicyDocument } from "../document/document.ts";
import { createReport, type Finding, inOrder, type Locate } from "../finding.ts";
import { listAliases, reportUnusedAliases } from "./aliases.ts";
import type { FolderPorts } from "./degraded.ts";
import { compileInventory, type DeploymentPorts } from "./deployments.ts";
import { compileFlags, compileFlagsProvider } from "./flags.ts";
import { compileJobs, compileWebhooks } from "./jobs.ts";
import { compileKeys, type KeyPorts } from "./keys.ts";
import { compileProbes } from "./resilience.ts";
import { aliasHint } from "./routes.ts";
import {
  compileActivation,
  compileCircuit,
  compileLimits,
  compileRetry,
  compileTimeouts,
} from "./settings.ts";
import { compileUseCases } from "./use-cases.ts";

export interface CompilePorts extends DeploymentPorts, KeyPorts, FolderPorts {
  readonly environment: string | null;
}

export interface CompiledPolicy {
  /** Null when any finding is an error. */
  readonly snapshot: ConfigSnapshot | null;
  readonly findings: readonly Finding[];
}

/**
 * Resolves every reference of `document`. Findings name what does not exist, what cannot be reached and
 * what will not work as it probably was meant; `locate` gives their places. Never throws.
 */
export function compilePolicy(document: PolicyDocument, locate: Locate, ports: CompilePorts): CompiledPolicy {
  return runSteps(compileSteps(document, locate, ports));
}

/** The same, a deployment, a rule, a use case or a key at a time. `digest`: of the document, where it is known. */
export function* compileSteps(
  document: PolicyDocument,
  locate: Locate,
  ports: CompilePorts,
  known: { readonly digest: string } | null = null,
): Steps<CompiledPolicy> {
  const report = createReport(locate);
  const vocabulary = withUseCases(Object.keys(document.use_cases), (name) => aliasHint(name, document));
  const listed = { ...(yield* compileInventory(document, ports, report)), vocabulary };
  const flags = compileFlags(document, listed, report);
  const inventory =
    flags === null ? listed : { ...listed, vocabulary: withFlags(vocabulary, flags.vocabulary) };
  const useCases = yield* compileUseCases(document, inventory, compileTimeouts(document), ports, report);
  const { keys, absentKeys } = yield* compileKeys(document, ports, report);
  const probes = compileProbes(document, report);
  const webhooks = compileWebhooks(document, ports, report);
  reportUnusedAliases(inventory.aliases, report);
  const findings = inOrder(report.findings);
  if (report.failed) return { snapshot: null, findings };
  const estimates = document.records?.estimates ?? "when_read";
  if (estimates === "always") prepareEstimates(ESTIMATED_SIGNALS);
  const digest = known?.digest ?? digestOf(document);
  const snapshot: ConfigSnapshot = {
    version: `${document.name}@${digest.slice(0, 12)}`,
    digest,
    name: document.name,
    environment: ports.environment,
    models: inventory.models,
    modelAliases: listAliases(inventory.aliases),
    deployments: inventory.deployments,
    useCases,
    flags,
    flagsProvider: compileFlagsProvider(document),
    keys,
    absentKeys,
    limits: compileLimits(document),
    circuit: compileCircuit(document),
    activation: compileActivation(document),
    retry: compileRetry(document),
    probes,
    estimates,
    jobs: compileJobs(document),
    webhooks,
  };
  return { snapshot, findings };
}
