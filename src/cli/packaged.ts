/** Files that come with the program. Owns where they are. */
import { fileURLToPath } from "node:url";

export const EXAMPLE_POLICY = fileURLToPath(new URL("../../examples/policy.yaml", import.meta.url));
export const CALM_SCENARIO = fileURLToPath(new URL("../../examples/scenarios/calm.yaml", import.meta.url));
