import { expect, test } from "bun:test";
import { createCoalescer } from "../core/coalesce.ts";
import { coalescedApp } from "./coalesced-app.ts";

function world(
  app: (request: Request) => Promise<Response>,
  discardUnread: (request: Request) => Promise<void> | null = () => null,
) {
  const turns: (() => void)[] = [];
  const coalesce = createCoalescer({ endOfTurn: (run) => turns.push(run), now: () => 0 });
  const serve = coalescedApp({ app, departures: coalesce, discardUnread }, coalesce);
  return {
    ask: (path: string) => serve(new Request(`http://gateway/${path}`)),
    async endTurn() {
      for (const turn of turns.splice(0)) turn();
      await Bun.sleep(0);
    },
  };
}

test("requests of one turn are begun together, and their answers leave together", async () => {
  const told: string[] = [];
  const { ask, endTurn } = world(async ({ url }) => {
    told.push(`begun ${url.at(-1)}`);
    return new Response(url.at(-1));
  });
  const answers = ["a", "b"].map((path) => ask(path).then(() => told.push(`answered ${path}`)));
  await Bun.sleep(0);
  expect(told).toEqual([]);
  await endTurn();
  expect(told).toEqual(["begun a", "begun b"]);
  await endTurn();
  await Promise.all(answers);
  expect(told.slice(2)).toEqual(["answered a", "answered b"]);
});

test.each([
  ["rejects", () => Promise.reject(new Error("broken"))],
  [
    "throws",
    () => {
      throw new Error("broken");
    },
  ],
])("an application that %s is heard of, and the next request is served", async (_how, fail) => {
  const { ask, endTurn } = world((request) =>
    request.url.endsWith("bad") ? fail() : Promise.resolve(new Response("good")),
  );
  const [bad, good] = [ask("bad"), ask("good")];
  const outcome = bad.then(
    () => "answered",
    (thrown: Error) => thrown.message,
  );
  await endTurn();
  await endTurn();
  expect(await outcome).toBe("broken");
  expect(await (await good).text()).toBe("good");
});

test("an answer leaves when the rest of its request's body is out of the way", async () => {
  let read = (): void => {};
  const discarding = new Promise<void>((resolve) => {
    read = resolve;
  });
  const { ask, endTurn } = world(
    async () => new Response("no"),
    () => discarding,
  );
  let answered = false;
  const answer = ask("a").then(() => {
    answered = true;
  });
  await endTurn();
  await endTurn();
  expect(answered).toBe(false);
  read();
  await Bun.sleep(0);
  await endTurn();
  await answer;
});
