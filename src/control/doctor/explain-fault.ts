/**
 * What a fault of the doctor's call means to whoever runs the gateway. Owns which faults are failures, and
 * what to do about each; credentials and models that are refused have their own files.
 */
import type { Deployment } from "../../core/deployment.ts";
import type { Fault } from "../../core/faults.ts";
import { failure, type Verdict, warning } from "./check-result.ts";
import { explainRefusedCredential } from "./explain-refused-credential.ts";
import { explainUnknownModel } from "./explain-unknown-model.ts";
import { saidBy } from "./said-by.ts";

/** `place`: where the credential comes from. */
export function explainFault(fault: Fault, deployment: Deployment, place: string): Verdict {
  switch (fault.kind) {
    case "provider_auth":
      return explainRefusedCredential(fault, deployment, place);
    case "provider_not_found":
      return explainUnknownModel(fault, deployment);
    case "throttled":
      return throttled(fault);
    case "outage":
      return outage(fault, deployment);
    case "timeout":
      return timedOut(fault);
    case "context_overflow":
      return warning(
        `It answers, but a single word is too long for it${saidBy(fault)}.`,
        "Check model_id and the model's context_window.",
      );
    case "filtered":
      return warning(
        `It answers, but its content filter refused a harmless word${saidBy(fault)}.`,
        "Look at the filters of the deployment at the provider.",
      );
    case "invalid":
      return rejected(fault);
    case "malformed":
      return failure(
        "What answers does not speak the API that the provider's kind and wire say.",
        "Check base_url (its path too) and `wire`.",
      );
    default:
      return failure(
        "It cannot be called: no API of its provider is spoken for such a model.",
        "Check the provider's kind and wire, and the model's capabilities.",
      );
  }
}

function throttled(fault: Fault): Verdict {
  if (fault.code === "quota_exhausted") {
    const message = `The key is good, but its quota is used up${saidBy(fault)}: calls are refused.`;
    return failure(message, "Raise the quota or add credit at the provider.");
  }
  return warning(
    `It can be called, but is throttled at the moment${saidBy(fault)}.`,
    "Nothing, where this is rare; else ask the provider for a higher quota.",
  );
}

function outage(fault: Fault, { kind }: Deployment): Verdict {
  if (fault.code === "credentials_unavailable") {
    return failure(
      "It was not called: nothing proves who calls.",
      "Mend the credential, as said above, and look again.",
    );
  }
  if (fault.code === "redirected") {
    return failure("It answers with a redirect, which no call follows.", "Write where it leads as base_url.");
  }
  const said = saidBy(fault);
  if (said === "") {
    return failure(`The connection failed (${fault.code}).`, "Look again; then check the network.");
  }
  const where =
    kind === "sagemaker" ? "the endpoint's status and its container's log" : "the provider's status";
  return failure(`The provider fails or is overloaded${said}.`, `Look again; then at ${where}.`);
}

function timedOut(fault: Fault): Verdict {
  return fault.code === "provider_timeout"
    ? failure(
        `The provider gave up waiting for the model${saidBy(fault)}.`,
        "Look again: it may be starting.",
      )
    : failure("No answer came in time.", "Give it longer with --timeout 60s: a cold model may be starting.");
}

function rejected(fault: Fault): Verdict {
  const field = fault.param === undefined ? "" : `, naming the field ${fault.param}`;
  const fix =
    fault.param === undefined
      ? "Check that model_id is a model for this wire; a body field it does not know belongs in `unsupported`."
      : `Add ${fault.param} to the provider's \`unsupported\` if this server does not know it; else check model_id.`;
  return failure(`The smallest request was rejected as invalid${saidBy(fault)}${field}.`, fix);
}
