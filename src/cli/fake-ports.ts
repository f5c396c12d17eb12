/** A process for the command line that exists only in a test: what it prints is kept, its gateway is a table. */
import type { CheckResult } from "../control/doctor/check-result.ts";
import type { DoctorOptions } from "../control/doctor/doctor-ports.ts";
import type { DrillGateway } from "../control/gameday/drill-target.ts";
import { FakeClock } from "../core/fake-clock.ts";
import type { CliPorts, DrillGatewayOptions, SimulateOptions, UpOptions } from "./ports.ts";
import { runCli } from "./program.ts";

/** One request that reached the fake gateway. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly url: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

/** Answers a request; what it throws is what `fetch` throws. */
export type FakeGateway = (asked: Asked) => Response | Promise<Response>;

export interface FakeProcess {
  readonly ports: CliPorts;
  readonly clock: FakeClock;
  readonly asked: readonly Asked[];
  readonly started: readonly (UpOptions | SimulateOptions)[];
  /** What the doctor was called for. */
  readonly examined: readonly DoctorOptions[];
  /** Everything printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  run(...args: readonly string[]): Promise<number>;
}

export interface FakeProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTty?: boolean;
  readonly columns?: number;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  readonly gateway?: FakeGateway;
  /** What `up` and `simulate` do; default: end well at once. */
  readonly serve?: () => Promise<number>;
  /** What the doctor finds; default: nothing. */
  readonly findings?: readonly CheckResult[];
  /** What a drill runs against; default: it does not start. */
  readonly drillGateway?: (options: DrillGatewayOptions) => Promise<DrillGateway>;
}

export function fakeProcess(options: FakeProcessOptions = {}): FakeProcess {
  const {
    cwd = "/nowhere",
    env = {},
    isTty = false,
    columns = null,
    stdin,
    signal,
    gateway = refuseConnection,
  } = options;
  const { serve = async () => 0, findings = [] } = options;
  const printed = { stdout: "", stderr: "" };
  const asked: Asked[] = [];
  const started: (UpOptions | SimulateOptions)[] = [];
  const examined: DoctorOptions[] = [];
  const clock = new FakeClock();
  const start = (with_: UpOptions | SimulateOptions) => {
    started.push(with_);
    return serve();
  };
  const fakeFetch = async (input: string | URL | Request, init?: RequestInit) => {
    const request = input instanceof Request ? input : new Request(String(input), init);
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    const one: Asked = {
      method: request.method,
      path: pathname + search,
      url: request.url,
      authorization: request.headers.get("authorization"),
      body: text === "" ? null : JSON.parse(text),
    };
    asked.push(one);
    return gateway(one);
  };
  const ports: CliPorts = {
    stdout(text) {
      printed.stdout += text;
    },
    stderr(text) {
      printed.stderr += text;
    },
    isTty,
    columns,
    env,
    cwd,
    fetch: Object.assign(fakeFetch, { preconnect: () => undefined }),
    clock,
    up: start,
    simulate: start,
    async doctor(with_, onResult) {
      examined.push(with_);
      for (const result of findings) onResult(result);
    },
    startDrillGateway: options.drillGateway ?? (() => Promise.reject(new Error("There is none."))),
    ...(signal && { signal }),
    ...(stdin !== undefined && { stdin: async () => stdin }),
  };
  return {
    ports,
    clock,
    asked,
    started,
    examined,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    run: (...args) => runCli(["bun", "pointsman", ...args], ports),
  };
}

/** What fetch throws where nobody listens. */
export function refuseConnection(): never {
  throw Object.assign(new Error("Unable to connect. Is the computer able to access the url?"), {
    code: "ConnectionRefused",
  });
}
