/**
 * S3, Parameter Store and AppConfig's data plane behind one loopback port, as far as a policy needs them: their
 * paths, headers and errors, and AppConfig's tokens, each good for one question within its time.
 */
import { createHash, randomUUID } from "node:crypto";

export interface FakeAws {
  readonly url: string;
  /** `/bucket/key` → bytes. */
  readonly objects: Map<string, string | Uint8Array>;
  /** Name → value. */
  readonly parameters: Map<string, string>;
  /** `application/environment/profile` → what is deployed. */
  readonly configurations: Map<string, string | Uint8Array>;
  /** Milliseconds; AppConfig's tokens and intervals follow it. */
  now: number;
  /** Takes the place of every answer while it is there. */
  instead: (() => Response | Promise<Response>) | null;
  readonly asked: {
    readonly operation: string;
    readonly signed: boolean;
    readonly headers: Headers;
    readonly body: string;
  }[];
  /** Every token of AppConfig that is out becomes worthless. */
  expireTokens(): void;
  stop(): Promise<void>;
}

interface Token {
  readonly place: string;
  readonly intervalSeconds: number;
  /** The version that the holder has. */
  readonly has: string | null;
  readonly notBefore: number;
  readonly until: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Parameter Store gives at most ten a page. */
const PARAMETERS_A_PAGE = 10;

export function startFakeAws(): FakeAws {
  const tokens = new Map<string, Token>();
  const state = {
    objects: new Map<string, string | Uint8Array>(),
    parameters: new Map<string, string>(),
    configurations: new Map<string, string | Uint8Array>(),
    now: Date.UTC(2026, 0, 1),
    instead: null as FakeAws["instead"],
    asked: [] as FakeAws["asked"][number][],
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url);
      const target = request.headers.get("x-amz-target");
      const operation = target ?? `${request.method} ${url.pathname}`;
      const signed = request.headers.get("authorization")?.startsWith("AWS4-HMAC-SHA256 ") ?? false;
      const body = await request.text();
      state.asked.push({ operation, signed, headers: request.headers, body });
      if (state.instead) return state.instead();
      if (target?.startsWith("AmazonSSM.")) return parameterStore(state, target, JSON.parse(body));
      if (url.pathname === "/configurationsessions") return startSession(state, tokens, JSON.parse(body));
      if (url.pathname === "/configuration") {
        return getConfiguration(state, tokens, url.searchParams.get("configuration_token") ?? "");
      }
      return getObject(state, decodeURIComponent(url.pathname), request.headers);
    },
  });
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.port}`,
    expireTokens: () => tokens.clear(),
    stop: () => server.stop(true),
  });
}

type State = Pick<FakeAws, "objects" | "parameters" | "configurations" | "now">;

function getObject({ objects }: State, path: string, headers: Headers): Response {
  const bytes = objects.get(path);
  if (bytes === undefined) {
    const xml = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>";
    return new Response(xml, { status: 404, headers: { "content-type": "application/xml" } });
  }
  const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
  if (headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
  return new Response(bytes, { headers: { etag, "content-type": "application/yaml" } });
}

function parameterStore({ parameters }: State, target: string, body: Record<string, unknown>): Response {
  const operation = target.slice("AmazonSSM.".length);
  const decrypted = body.WithDecryption === true;
  const shown = (name: string, value: string) => ({
    Name: name,
    Type: "SecureString",
    Value: decrypted ? value : "AQICAHh-ciphertext",
    Version: 3,
  });
  if (operation === "GetParameter") {
    const name = String(body.Name);
    const value = parameters.get(name);
    return value === undefined
      ? awsError(400, "ParameterNotFound", {})
      : awsJson({ Parameter: shown(name, value) });
  }
  if (operation !== "GetParametersByPath") return awsError(400, "UnknownOperationException", {});
  const path = String(body.Path);
  if (path !== "/" && path.endsWith("/")) return awsError(400, "ValidationException", {});
  const prefix = path === "/" ? path : `${path}/`;
  const names = [...parameters.keys()].filter(
    (name) => name.startsWith(prefix) && !name.slice(prefix.length).includes("/"),
  );
  // The service gives them in no order that one may count on.
  names.sort((a, b) => (a < b ? 1 : -1));
  const from = Number(body.NextToken ?? 0);
  const page = names.slice(from, from + PARAMETERS_A_PAGE);
  const next = from + PARAMETERS_A_PAGE;
  return awsJson({
    Parameters: page.map((name) => shown(name, parameters.get(name) ?? "")),
    ...(next < names.length && { NextToken: String(next) }),
  });
}

function startSession(state: State, tokens: Map<string, Token>, body: Record<string, unknown>): Response {
  const { ApplicationIdentifier: a, EnvironmentIdentifier: e, ConfigurationProfileIdentifier: p } = body;
  const place = `${a}/${e}/${p}`;
  const seconds = Number(body.RequiredMinimumPollIntervalInSeconds ?? 60);
  if (!(seconds >= 15 && seconds <= 86_400)) return awsError(400, "BadRequestException", {});
  if (!state.configurations.has(place)) {
    return awsError(404, "ResourceNotFoundException", { ResourceType: "ConfigurationProfile" });
  }
  const token = issue(tokens, {
    place,
    intervalSeconds: seconds,
    has: null,
    notBefore: 0,
    until: state.now + DAY_MS,
  });
  return awsJson({ InitialConfigurationToken: token }, 201);
}

function getConfiguration(state: State, tokens: Map<string, Token>, text: string): Response {
  const token = tokens.get(text);
  if (!token || token.until <= state.now) return badToken(token ? "Expired" : "Corrupted");
  if (token.notBefore > state.now) return badToken("PollIntervalNotSatisfied");
  tokens.delete(text);
  const deployed = state.configurations.get(token.place);
  if (deployed === undefined)
    return awsError(404, "ResourceNotFoundException", { ResourceType: "Deployment" });
  const version = createHash("sha256").update(deployed).digest("hex").slice(0, 8);
  const { place, intervalSeconds } = token;
  const notBefore = state.now + intervalSeconds * 1000;
  const next = issue(tokens, { place, intervalSeconds, has: version, notBefore, until: state.now + DAY_MS });
  const headers = {
    "next-poll-configuration-token": next,
    "next-poll-interval-in-seconds": String(intervalSeconds),
    "content-type": "application/x-yaml",
    ...(token.has !== version && { "version-label": `v-${version}` }),
  };
  return new Response(token.has === version ? "" : deployed, { headers });
}

function badToken(problem: string): Response {
  const details = { InvalidParameters: { ConfigurationToken: { Problem: problem } } };
  return awsError(400, "BadRequestException", { Reason: "InvalidParameters", Details: details });
}

function issue(tokens: Map<string, Token>, token: Token): string {
  const name = randomUUID();
  tokens.set(name, token);
  return name;
}

function awsJson(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { "x-amzn-requestid": randomUUID() } });
}

export function awsError(
  status: number,
  type: string,
  fields: Record<string, unknown>,
  words = "no",
): Response {
  return Response.json(
    { __type: type, Message: words, message: words, ...fields },
    { status, headers: { "x-amzn-errortype": type } },
  );
}

/** The environment in which AWS's own clients find the server and credentials; `restore` puts the old one back. */
export function enterAws(url: string): { restore(): void } {
  const set: Record<string, string | undefined> = {
    AWS_ENDPOINT_URL_S3: url,
    AWS_ENDPOINT_URL_SSM: url,
    AWS_ENDPOINT_URL_APPCONFIGDATA: url,
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example-secret",
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
    AWS_REGION: "eu-central-1",
    AWS_MAX_ATTEMPTS: "1",
    AWS_CONFIG_FILE: "/nonexistent/config",
    AWS_SHARED_CREDENTIALS_FILE: "/nonexistent/credentials",
    AWS_EC2_METADATA_DISABLED: "true",
  };
  const before = Object.keys(set).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(set)) assign(name, value);
  return {
    restore: () => {
      for (const [name, value] of before) assign(name, value);
    },
  };
}

function assign(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
