/** Jobs and webhooks of a document, in the units the gateway uses. Owns what is missing for them to work. */
import type { JobLimits, JobSettings, WebhookSettings } from "../../core/job-settings.ts";
import type { PolicyDocument } from "../document/document.ts";
import { milliseconds } from "../document/fields.ts";
import { jobs as jobsSchema, useCaseJobs } from "../document/jobs.ts";
import type { Path, Report } from "../finding.ts";
import { type CredentialPorts, type CredentialSource, readSecret } from "./credentials.ts";

type WrittenUseCase = PolicyDocument["use_cases"][string];

const MEBIBYTE = 1024 * 1024;

/** What is not written is what the schema says; it is not made a part of the document, whose digest it would change. */
export function compileUseCaseJobs({ jobs = useCaseJobs.parse({}) }: WrittenUseCase): JobSettings {
  const { concurrency, max_attempts: maxAttempts, micro_batch: batch } = jobs;
  const microBatch = batch ? { max: batch.max, waitMs: milliseconds(batch.wait) } : null;
  return { concurrency, maxAttempts, microBatch };
}

export function compileJobs({ jobs = jobsSchema.parse({}) }: PolicyDocument): JobLimits {
  return {
    concurrency: jobs.concurrency,
    maxWaiting: jobs.max_waiting,
    maxWaitingBytes: jobs.max_waiting_mib * MEBIBYTE,
    keepMs: milliseconds(jobs.keep),
  };
}

/** Null where the policy has none. */
export function compileWebhooks(
  { webhooks }: PolicyDocument,
  ports: CredentialPorts,
  report: Report,
): WebhookSettings | null {
  if (webhooks === undefined) return null;
  const path = ["webhooks"];
  const shared = webhooks.secret && secretAt(webhooks.secret, [...path, "secret"], ports, report);
  const destinations = webhooks.destinations.map((written, index) => {
    const { host, port, tenants = null, secret: own } = written;
    const at = [...path, "destinations", index];
    if (own === undefined && webhooks.secret === undefined) {
      const message = `Nothing signs what is sent to "${host}".`;
      report.error("no_webhook_secret", at, message, "Add `secret: { env: NAME }` here or to webhooks.");
    }
    if (PRIVATE.test(host) && !written.private) {
      const message = `"${host}" is of this machine or its network, and such addresses are never called.`;
      report.error("private_webhook", [...at, "host"], message, "Add `private: true` if it is meant.");
    }
    const secret = own ? secretAt(own, [...at, "secret"], ports, report) : (shared ?? null);
    return { host, port, private: written.private, tenants, secret };
  });
  return { destinations, giveUpAfterMs: milliseconds(webhooks.give_up_after) };
}

/** The common ones, told early; every address is looked at before it is called. */
const PRIVATE =
  /^(?:localhost|::1|f[cde][0-9a-f]{0,2}:.*|(?:127|10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\.[\d.]+)$/;

function secretAt(source: CredentialSource, path: Path, ports: CredentialPorts, report: Report) {
  const secret = readSecret(source, ports);
  if (secret !== null) return secret;
  const where = source.env === undefined ? `file ${source.file}` : `environment variable ${source.env}`;
  const message = `The webhook's secret is missing (${where}): what is to be told waits.`;
  const fix =
    source.env === undefined ? `Create the file ${source.file}.` : `Set ${source.env} before starting.`;
  report.warning("missing_webhook_secret", path, message, fix);
  return null;
}
