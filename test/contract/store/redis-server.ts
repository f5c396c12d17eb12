/** A Redis of the test's own, on loopback and a free port, that can be frozen, killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";

export interface RedisServer {
  readonly url: string;
  /** Nothing is answered from now on, and no connection is lost. */
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** On the same port, and empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const PROGRAM = "redis-server";
const MISSING = "redis-server is not installed; on Debian: apt-get install redis-server";

/** Null where the tests are to be skipped; under `CI=true` they must not be. */
export function redisMissing(): string | null {
  if (Bun.which(PROGRAM) !== null) return null;
  if (process.env.CI === "true") throw new Error(MISSING);
  return MISSING;
}

export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  let child = await launch(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    kill: () => ended(child),
    async restart() {
      await ended(child);
      child = await launch(port);
    },
    stop: () => ended(child),
  };
}

async function launch(port: number): Promise<ChildProcess> {
  // It never saves, so that its working directory may be one that is there anyway.
  const child = spawn(
    PROGRAM,
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tmpdir()],
    { stdio: "ignore" },
  );
  for (let tries = 0; tries < 500; tries++) {
    if (await answers(port)) return child;
    if (child.exitCode !== null) break;
    await Bun.sleep(10);
  }
  child.kill("SIGKILL");
  throw new Error("redis-server did not start");
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(String(data).startsWith("+PONG"));
    });
    socket.once("error", () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
