/** nginx twice: as the upstream with a fixed answer, and as a proxy that only forwards. Owns its configuration. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../load.ts";
import { completionBody } from "../payload.ts";
import { freePort, startChild, temporaryDirectory } from "../processes.ts";
import { firstAnswer } from "../readiness.ts";

/** The program, also where it is installed outside an ordinary user's path; null where it is not. */
export const NGINX = Bun.which("nginx") ?? Bun.which("/usr/sbin/nginx");

/** Answers every request with the same completion. */
export function startUpstream(): Promise<Target> {
  return start("upstream", `location / { return 200 '${completionBody()}'; }`, "");
}

/** Forwards to `port` over kept connections, parsing nothing but the heads. */
export function startForwarder(port: number): Promise<Target> {
  const upstream = `upstream model { server 127.0.0.1:${port}; keepalive 256; keepalive_requests 100000000; }`;
  const location =
    "location / { proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection ''; }";
  return start("nginx", location, upstream);
}

/** One process (`master_process off`), so that its pid is the whole server; it logs nothing per request. */
async function start(name: string, location: string, upstream: string): Promise<Target> {
  if (NGINX === null)
    throw new Error("nginx is not installed (apt-get install nginx-light, brew install nginx)");
  const directory = join(temporaryDirectory(), `nginx-${name}`);
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  const scratch = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${directory}/${kind};`,
  );
  const configuration = join(directory, "nginx.conf");
  writeFileSync(
    configuration,
    `daemon off; master_process off; pid ${directory}/pid; error_log stderr error;
worker_rlimit_nofile 16384;
events { worker_connections 8192; }
http {
  access_log off; default_type application/json;
  keepalive_requests 100000000; keepalive_timeout 300s; client_body_buffer_size 16k;
  ${scratch.join("\n  ")}
  ${upstream}
  server { listen 127.0.0.1:${port} backlog=4096; ${location} }
}
`,
  );
  const child = startChild(name, [NGINX, "-p", directory, "-c", configuration, "-e", "stderr"]);
  const target = { name, port, pid: child.pid, headers: {} };
  await firstAnswer(target, child);
  return target;
}
