/** The wire of a SageMaker endpoint: its container's, with the host's own errors around it. Knows no dialect. */
import type { JsonTemplate } from "../core/deployment.ts";
import type { WireId } from "../core/request.ts";
import { behindSagemaker } from "../wires/behind-sagemaker.ts";
import { templateWire } from "./json-template.ts";
import { type AnyWire, loadWire } from "./wire-registry.ts";

const wrapped = new WeakMap<AnyWire, AnyWire>();

/** `template`: of a container that speaks no known wire. */
export async function sagemakerWire(id: WireId, template: JsonTemplate | undefined): Promise<AnyWire> {
  const container = template ? templateWire(template) : await loadWire(id);
  const known = wrapped.get(container);
  if (known) return known;
  const made = behindSagemaker(container);
  wrapped.set(container, made);
  return made;
}
