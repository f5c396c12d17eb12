/** Which decisions are wanted, as options and as the query they become. */
import { type Command, Option } from "commander";

const OUTCOMES = ["answered", "degraded", "failed", "cancelled"] as const;

export interface DecisionFilters {
  readonly useCase?: string;
  readonly outcome?: (typeof OUTCOMES)[number];
  readonly tenant?: string;
}

export function addFilters(command: Command): Command {
  return command
    .option("--use-case <id>", "only this use case")
    .addOption(new Option("--outcome <outcome>", "only this outcome").choices(OUTCOMES))
    .option("--tenant <tenant>", "only this tenant");
}

export function filterQuery({ useCase, outcome, tenant }: DecisionFilters) {
  return { use_case: useCase, outcome, tenant };
}
