/**
 * Which commands there are, in the order of the help. Owns that list and that a command's code is loaded when it
 * is meant: `up` should not wait for the rest.
 */
import type { Command } from "commander";
import type { CommandContext } from "../context.ts";

/** Declares a command, or a group of them, on the program. */
type AddCommand = (program: Command, context: CommandContext) => void;

const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  up: async () => (await import("./up.ts")).addUp,
  init: async () => (await import("./init.ts")).addInit,
  validate: async () => (await import("./validate.ts")).addValidate,
  doctor: async () => (await import("./doctor.ts")).addDoctor,
  explain: async () => (await import("./explain.ts")).addExplain,
  decisions: async () => (await import("./decisions/group.ts")).addDecisions,
  health: async () => (await import("./health.ts")).addHealth,
  jobs: async () => (await import("./jobs/group.ts")).addJobs,
  tickets: async () => (await import("./tickets/group.ts")).addTickets,
  policy: async () => (await import("./policy/group.ts")).addPolicy,
  audit: async () => (await import("./audit/group.ts")).addAudit,
  route: async () => (await import("./route/group.ts")).addRoute,
  rollout: async () => (await import("./rollout/group.ts")).addRollout,
  simulate: async () => (await import("./simulate.ts")).addSimulate,
  gameday: async () => (await import("./gameday/group.ts")).addGameday,
};

const VERSION = "--version";

/**
 * What `args`, the words after the program's name, may need: the command they name, or else all of them, for the
 * help and for the suggestion after a slip; none, for the version.
 */
export async function commandsFor(args: readonly string[]): Promise<readonly AddCommand[]> {
  const named = args.find((word) => !word.startsWith("-"));
  if (named === undefined && args[0] === VERSION) return [];
  const load = named !== undefined && Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined;
  const loads = load ? [load] : Object.values(COMMANDS);
  return Promise.all(loads.map((each) => each()));
}
