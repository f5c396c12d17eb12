/** Examples that come with the program and are used where nothing else is named. */
import { packagedFile } from "../core/program-files.ts";

export const EXAMPLE_POLICY = packagedFile("examples/policy.yaml");
export const CALM_SCENARIO = packagedFile("examples/scenarios/calm.yaml");
