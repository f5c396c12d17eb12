import { afterEach, expect, test } from "bun:test";
import { createCoalescer } from "../core/coalesce.ts";
import { bunSockets } from "./bun-sockets.ts";

/** A server that keeps what it heard, and says what it is told to say. */
function startServer() {
  const heard: string[] = [];
  const clients: { write(text: string): unknown }[] = [];
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void clients.push(socket),
      data: (_socket, bytes) => void heard.push(bytes.toString()),
    },
  });
  return { server, heard, say: (text: string) => clients[0]?.write(text) };
}

/** Turns that end when the test says so. */
function byHand() {
  const turns: (() => void)[] = [];
  const coalesce = createCoalescer({ endOfTurn: (run) => turns.push(run), now: () => 0 });
  const endTurn = () => {
    for (const turn of turns.splice(0)) turn();
  };
  return { coalesce, endTurn, turns };
}

let server: ReturnType<typeof startServer>;
afterEach(() => server.server.stop(true));

async function connected() {
  server = startServer();
  const [arrivals, departures] = [byHand(), byHand()];
  const told: string[] = [];
  const { socket } = bunSockets(arrivals.coalesce, departures.coalesce)(
    { secure: false, host: "127.0.0.1", port: server.server.port },
    {
      onData: (bytes) => told.push(`data ${Buffer.from(bytes).toString()}`),
      onClose: (error) => told.push(`closed ${(error as { code?: string } | undefined)?.code ?? "in peace"}`),
    },
  );
  return { socket: await socket, arrivals, departures, told };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries === 400) throw new Error("It did not come to that.");
    await Bun.sleep(5);
  }
}

test("what is written leaves at the end of the turn, and the answer is handed on at the end of another", async () => {
  const { socket, arrivals, departures, told } = await connected();
  socket.write("ask");
  await Bun.sleep(20);
  expect(server.heard).toEqual([]);
  expect(socket.flushed).toBe(false);
  departures.endTurn();
  expect(socket.flushed).toBe(true);
  await until(() => server.heard.join("") === "ask");
  server.say("answer");
  await until(() => arrivals.turns.length > 0);
  expect(told).toEqual([]);
  arrivals.endTurn();
  expect(told).toEqual(["data answer"]);
});

test("what came before the question is nobody's answer", async () => {
  const { socket, arrivals, departures, told } = await connected();
  server.say("stray");
  await until(() => arrivals.turns.length > 0);
  socket.write("ask");
  arrivals.endTurn();
  departures.endTurn();
  await Bun.sleep(20);
  expect(told).toEqual(["closed ECONNRESET"]);
  expect(server.heard).toEqual([]);
});

test("nor is what comes before the question has left", async () => {
  const { socket, arrivals, departures, told } = await connected();
  socket.write("ask");
  server.say("stray");
  await until(() => told.length > 0);
  arrivals.endTurn();
  departures.endTurn();
  await Bun.sleep(20);
  expect(told).toEqual(["closed ECONNRESET"]);
  expect(server.heard).toEqual([]);
});

test("what came before the end is heard before it", async () => {
  const { socket, arrivals, departures, told } = await connected();
  socket.write("ask");
  departures.endTurn();
  await until(() => server.heard.length > 0);
  server.say("answer");
  await until(() => arrivals.turns.length > 0);
  server.server.stop(true);
  await until(() => told.length === 2);
  expect(told[0]).toBe("data answer");
  arrivals.endTurn();
  expect(told).toHaveLength(2);
});
