/** What a candidate policy is compiled with where it is only tried: every credential and key counts as there. */
import { createHash } from "node:crypto";
import type { CompilePorts } from "../compile/compile.ts";

/** Reads neither environment nor files, whatever the policy names. */
export function assumedPorts(known: Pick<CompilePorts, "environment" | "profileRegions">): CompilePorts {
  return {
    ...known,
    credential: () => ({ type: "none" }),
    // Two keys from two variables are two keys.
    keyHash: (name) => createHash("sha256").update(`assumed ${name}`).digest("hex"),
    simulatorUrl: "http://simulator.invalid",
  };
}
