import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { FakeClock } from "../core/fake-clock.ts";
import { canConnect } from "./connect-check.ts";

test("says whether somebody listens, and leaves no timer", async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  const clock = new FakeClock();
  expect(await canConnect(`http://127.0.0.1:${port}/v1`, 1000, clock)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await canConnect(`http://127.0.0.1:${port}/v1`, 1000, clock)).toBe(false);
  expect(clock.pending).toBe(0);
});
