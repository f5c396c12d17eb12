/** Option values as people type them. Owns parsing and the wording of what does not fit. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Role } from "../core/caller.ts";
import { parseDuration } from "../core/duration.ts";

/** Throws commander's error, which ends in wrong usage. */
export function port(text: string): number {
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value > 65_535) {
    throw new InvalidArgumentError("Give a port from 0 (any free one) to 65535.");
  }
  return value;
}

/** As a socket takes it: `::1` for `[::1]`. An empty one would be all addresses of the machine. */
export function host(text: string): string {
  if (text.trim() === "") {
    throw new InvalidArgumentError("Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.");
  }
  return /^\[.*\]$/.test(text) ? text.slice(1, -1) : text;
}

export function countUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < 1 || value > most) {
      throw new InvalidArgumentError(`Give a whole number from 1 to ${most}.`);
    }
    return value;
  };
}

/** Milliseconds. */
export function duration(text: string): number {
  const value = parseDuration(text);
  if (value === null) throw new InvalidArgumentError("Give a duration with a unit, such as 20s or 1m30s.");
  return Math.round(value);
}

/** Its default stands in the help as one would write it. */
export function durationOption(flags: string, description: string, usual: string): Option {
  return new Option(flags, description).argParser(duration).default(duration(usual), usual);
}

/** Where a running gateway is, as options of commands that ask it. */
export interface GatewayOptions {
  readonly url?: string;
  readonly apiKey?: string;
}

/** `role`: what a key must have for it. */
export function addGatewayOptions(command: Command, role: Role = "viewer"): Command {
  return command
    .option("--url <url>", "the gateway's address (env: POINTSMAN_URL; default: http://127.0.0.1:8080)")
    .option(
      "--api-key <key>",
      `a key with the role ${role} (env: POINTSMAN_API_KEY, POINTSMAN_DEMO_KEY; default: the demo key)`,
    );
}
