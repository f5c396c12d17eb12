/** `pointsman up`: the gateway. Owns the options and their defaults; the process itself is started by a port. */
import { resolve } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { isRemoteAddress, readSourceAddress } from "../../control/policy/sources/source-address.ts";
import { readQueueAddress } from "../../store/job-queue/queue-address.ts";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { DEFAULT_POLICY } from "../local-policy.ts";
import { durationOption, host, port } from "../options.ts";
import { CALM_SCENARIO, EXAMPLE_POLICY } from "../packaged.ts";
import type { CliPorts, UpOptions } from "../ports.ts";
import { checkScenario, serveAt } from "./serve.ts";

interface UpArguments {
  readonly policy?: string;
  readonly env?: string;
  readonly host: string;
  readonly port?: number;
  readonly data: string;
  readonly queue?: string;
  readonly scenario?: string;
  readonly demo?: boolean;
  readonly drain: number;
  readonly grace: number;
}

const DEFAULT_PORT = 8080;
/** A little under the 30 s that Kubernetes waits between SIGTERM and SIGKILL. */
const DEFAULT_DRAIN = "25s";

export function addUp(program: Command, context: CommandContext): void {
  const command = program
    .command("up")
    .description("start the gateway and serve until SIGTERM or Ctrl-C")
    .option(
      "--policy <source>",
      "the policy: a file, a folder, https://…, s3://bucket/key, ssm:/name, appconfig:app/env/profile or store: " +
        `(env: POINTSMAN_POLICY; default: ${DEFAULT_POLICY}; with --demo the example policy)`,
    )
    .option("--env <name>", "overlay for an environment: policy.NAME.yaml beside policy.yaml")
    .option("--host <host>", "address to listen on", host, "127.0.0.1")
    .option("--port <port>", "port to listen on, 0 for any free one (env: PORT; default: 8080)", port)
    .option("--data <directory>", "where records are kept; `:memory:` keeps nothing", ".pointsman")
    .option(
      "--queue <address>",
      "where jobs wait: embedded, or sqs:https://sqs.REGION.amazonaws.com/ACCOUNT/NAME[,dead=URL] " +
        "(env: POINTSMAN_QUEUE; default: embedded, beside the records)",
    )
    .option("--scenario <file>", "what simulated providers do; every answer of theirs is marked")
    .option("--demo", "accept the demo key (env: POINTSMAN_DEMO_KEY), start from the example policy")
    .addOption(
      durationOption("--drain <duration>", "time that running requests get on shutdown", DEFAULT_DRAIN),
    )
    .addOption(
      durationOption(
        "--grace <duration>",
        "time the port stays open after SIGTERM, not ready, so that load balancers look away first",
        "0s",
      ),
    );
  addExamples(command, [
    ["pointsman up --demo", "try it: simulated providers, example policy, demo key"],
    [
      "pointsman up --policy pointsman.yaml --env prod --host 0.0.0.0 --port 8080",
      "serve a policy of your own",
    ],
    [
      "pointsman up --policy s3://our-policies/pointsman.yaml --env prod",
      "follow one that is kept elsewhere",
    ],
    [
      "pointsman up --queue sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/pointsman-jobs",
      "let replicas share the jobs that wait (docs/queues.md)",
    ],
    [
      "pointsman up --demo --scenario examples/scenarios/region-outage.yaml",
      "watch it route around an outage",
    ],
  ]);
  command.action(async (options: UpArguments) =>
    context.end(await up(context.ports, command, options, context)),
  );
}

async function up(
  ports: CliPorts,
  command: Command,
  options: UpArguments,
  context: CommandContext,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const chosen = options.port ?? portFromEnvironment(ports.env.PORT);
  if (chosen === null) {
    terminal.complain("The environment variable PORT is no port.", "Set it to a number from 0 to 65535.");
    return EXIT.usage;
  }
  if (options.scenario !== undefined) {
    const refused = await checkScenario(ports, terminal, options.scenario);
    if (refused !== null) return refused;
  }
  const source = options.policy ?? (ports.env.POINTSMAN_POLICY?.trim() || undefined);
  const address = readSourceAddress(source ?? "");
  if (!address.ok) {
    terminal.complain(address.message, address.fix);
    return EXIT.usage;
  }
  const queue = readQueueAddress(options.queue ?? ports.env.POINTSMAN_QUEUE ?? "");
  if (!queue.ok) {
    terminal.complain(queue.message, queue.fix);
    return EXIT.usage;
  }
  const stated = { ...options, ...(source && { policy: source }) };
  const settled = { port: chosen, queue: queue.address, json: terminal.json };
  const upOptions = { ...upOptionsOf(ports.cwd, stated), ...settled };
  return serveAt(terminal, upOptions, () => ports.up(upOptions));
}

function portFromEnvironment(text: string | undefined): number | null {
  if (!text) return DEFAULT_PORT;
  try {
    return port(text);
  } catch (thrown) {
    if (thrown instanceof InvalidArgumentError) return null;
    throw thrown;
  }
}

/** A path made whole; an address, and the file that fills a store, as they are. */
function placeOf(cwd: string, policy: string): string {
  if (!isRemoteAddress(policy)) return resolve(cwd, policy);
  const [, seed] = /^store:(.+)$/s.exec(policy) ?? [];
  return seed === undefined ? policy : `store:${resolve(cwd, seed)}`;
}

function upOptionsOf(cwd: string, options: UpArguments): Omit<UpOptions, "port" | "queue" | "json"> {
  const { policy, env, host, data, scenario, demo = false, drain, grace } = options;
  return {
    policy: policy === undefined && demo ? EXAMPLE_POLICY : placeOf(cwd, policy ?? DEFAULT_POLICY),
    environment: env ?? null,
    host,
    data: data === ":memory:" ? data : resolve(cwd, data),
    scenario: scenario === undefined ? (demo ? CALM_SCENARIO : null) : resolve(cwd, scenario),
    demo,
    drainMs: drain,
    graceMs: grace,
  };
}
