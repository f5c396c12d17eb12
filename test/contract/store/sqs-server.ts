/** A server that speaks SQS on loopback, whose time is the test's: it reads the clock that `setSystemTime` sets. */
import { setSystemTime } from "bun:test";
import { startFauxqs } from "fauxqs";
import { FakeClock } from "../../../src/core/fake-clock.ts";

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: "AKIATEST",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_REGION: "eu-west-1",
};

export interface SqsServer {
  readonly endpoint: string;
  /** Moves this process's time along. */
  readonly clock: FakeClock;
  pass(ms: number): Promise<void>;
  /** A queue of its own, with its URL. */
  create(attributes?: Record<string, string>): {
    readonly url: string;
    readonly arn: string;
    readonly name: string;
  };
  /** What SQS itself holds, however it stands. */
  count(name: string): number;
  stop(): Promise<void>;
}

export async function startSqsServer(): Promise<SqsServer> {
  const before = Object.fromEntries(Object.keys(CREDENTIALS).map((name) => [name, process.env[name]]));
  Object.assign(process.env, CREDENTIALS);
  const server = await startFauxqs({ port: 0, logger: false, defaultRegion: "eu-west-1" });
  const clock = new FakeClock(Date.now());
  let queues = 0;
  setSystemTime(new Date(clock.now()));
  return {
    endpoint: server.address,
    clock,
    async pass(ms) {
      // Sockets and their timers need a moment of real time to see it.
      await clock.advance(ms);
      setSystemTime(new Date(clock.now()));
    },
    create(attributes = {}) {
      const made = server.createQueue(`jobs-${queues++}`, { region: "eu-west-1", attributes });
      return { url: made.queueUrl, arn: made.queueArn, name: made.queueName };
    },
    count(name) {
      const { ready = [], delayed = [], inflight = [] } = server.inspectQueue(name)?.messages ?? {};
      return ready.length + delayed.length + inflight.length;
    },
    async stop() {
      setSystemTime();
      for (const [name, value] of Object.entries(before)) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await server.stop();
    },
  };
}
