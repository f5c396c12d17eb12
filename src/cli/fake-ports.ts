/** A process for the command line that exists only in a test: what it prints is kept, its gateway is a table. */
import { FakeClock } from "../core/fake-clock.ts";
import type { CliPorts, SimulateOptions, UpOptions } from "./ports.ts";
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
  /** Everything printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  run(...args: readonly string[]): Promise<number>;
}

export interface FakeProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly isTty?: boolean;
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  readonly gateway?: FakeGateway;
  /** What `up` and `simulate` do; default: end well at once. */
  readonly serve?: () => Promise<number>;
}

export function fakeProcess(options: FakeProcessOptions = {}): FakeProcess {
  const { cwd = "/nowhere", env = {}, isTty = false, stdin, signal, gateway = refuseConnection } = options;
  const { serve = async () => 0 } = options;
  const printed = { stdout: "", stderr: "" };
  const asked: Asked[] = [];
  const started: (UpOptions | SimulateOptions)[] = [];
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
    env,
    cwd,
    fetch: Object.assign(fakeFetch, { preconnect: () => undefined }),
    clock,
    up: start,
    simulate: start,
    ...(signal && { signal }),
    ...(stdin !== undefined && { stdin: async () => stdin }),
  };
  return {
    ports,
    clock,
    asked,
    started,
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
