import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { type Lease, ShortLived } from "./short-lived.ts";
import { CredentialsUnavailable } from "./unavailable.ts";

const MINUTE = 60_000;

/** An issuer that answers when told to, and counts how often it is asked. */
class FakeIssuer {
  asked = 0;
  #open: PromiseWithResolvers<Lease<string>>[] = [];

  readonly obtain = (): Promise<Lease<string>> => {
    this.asked += 1;
    const answer = Promise.withResolvers<Lease<string>>();
    this.#open.push(answer);
    return answer.promise;
  };

  /** Answers the question that was asked first, or the one at `index` of those still open. */
  give(value: string, expiresAt: number | null, index = 0): void {
    this.#open.splice(index, 1)[0]?.resolve({ value, expiresAt });
  }

  refuse(why = "no"): void {
    this.#open.shift()?.reject(new Error(why));
  }
}

function start(): { clock: FakeClock; issuer: FakeIssuer; token: ShortLived<string> } {
  const clock = new FakeClock();
  const issuer = new FakeIssuer();
  return { clock, issuer, token: new ShortLived("Somebody", clock, issuer.obtain) };
}

test.each([60, -1])("its end is by the machine's clock, which is behind by %p minutes", async (minutes) => {
  const { clock, issuer, token } = start();
  clock.aheadMs = minutes * MINUTE;
  const first = token.current();
  issuer.give("first", clock.wall() + 60 * MINUTE);
  expect(await first).toBe("first");
  expect(token.current()).toBe("first");
  await clock.advance(54 * MINUTE);
  expect(token.current()).toBe("first");
  expect(issuer.asked).toBe(1);
  await clock.advance(6 * MINUTE);
  expect(token.current()).toBeInstanceOf(Promise);
});

/** With a token in hand that lasts an hour. */
async function withToken(): Promise<ReturnType<typeof start>> {
  const started = start();
  const first = started.token.current();
  started.issuer.give("first", started.clock.now() + 60 * MINUTE);
  expect(await first).toBe("first");
  return started;
}

test("everybody who comes before the first answer waits for the same one", async () => {
  const { clock, issuer, token } = start();
  const waiting = [token.current(), token.current(), token.current()];
  issuer.give("first", clock.now() + 60 * MINUTE);
  expect(await Promise.all(waiting)).toEqual(["first", "first", "first"]);
  expect(issuer.asked).toBe(1);
  expect(clock.pending).toBe(0);
});

test("a good value is there at once, without a promise and without a question", async () => {
  const { clock, issuer, token } = await withToken();
  await clock.advance(54 * MINUTE);
  expect(token.current()).toBe("first");
  expect(issuer.asked).toBe(1);
});

test("five minutes ahead of its end it is renewed once, and nobody waits", async () => {
  const { clock, issuer, token } = await withToken();
  await clock.advance(56 * MINUTE);
  expect([token.current(), token.current()]).toEqual(["first", "first"]);
  expect(issuer.asked).toBe(2);
  issuer.give("second", clock.now() + 60 * MINUTE);
  await clock.advance(0);
  expect(token.current()).toBe("second");
  expect(issuer.asked).toBe(2);
});

test("while a renewal fails the old value serves, and the next attempt waits ten seconds", async () => {
  const { clock, issuer, token } = await withToken();
  await clock.advance(56 * MINUTE);
  token.current();
  issuer.refuse();
  await clock.advance(1000);
  expect(token.current()).toBe("first");
  expect(issuer.asked).toBe(2);
  await clock.advance(9000);
  expect(token.current()).toBe("first");
  expect(issuer.asked).toBe(3);
});

test("a renewal that gives the same value again is not repeated at once", async () => {
  const { clock, issuer, token } = await withToken();
  const end = clock.now() + 60 * MINUTE;
  await clock.advance(58 * MINUTE);
  token.current();
  issuer.give("first", end);
  await clock.advance(61_000);
  token.current();
  issuer.give("first", end);
  await clock.advance(5000);
  token.current();
  expect(issuer.asked).toBe(3);
});

test("past its end a value serves nobody: they wait, or hear why not", async () => {
  const { clock, issuer, token } = await withToken();
  await clock.advance(60 * MINUTE);
  const waiting = token.current();
  expect(waiting).toBeInstanceOf(Promise);
  issuer.refuse("the role is gone");
  const thrown = await Promise.resolve(waiting).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(CredentialsUnavailable);
  expect((thrown as CredentialsUnavailable).cause).toEqual(new Error("the role is gone"));
});

test("a value is not sent in its last seconds, when it would be old on arrival", async () => {
  const { clock, issuer, token } = await withToken();
  await clock.advance(60 * MINUTE - 4000);
  expect(token.current()).toBeInstanceOf(Promise);
  issuer.give("second", clock.now() + 60 * MINUTE);
  expect(await token.current()).toBe("second");
});

test("a refusal stands for a second, so that a broken identity is not asked for with every call", async () => {
  const { clock, issuer, token } = start();
  const first = Promise.resolve(token.current()).catch((error: unknown) => error);
  issuer.refuse();
  await first;
  const second = await Promise.resolve(token.current()).catch((error: unknown) => error);
  expect(second).toBe(await first);
  expect(issuer.asked).toBe(1);
  await clock.advance(1000);
  const third = token.current();
  issuer.give("good", null);
  expect(await third).toBe("good");
});

test("an issuer that says nothing is given up after ten seconds, and its late answer still serves", async () => {
  const { clock, issuer, token } = start();
  const waiting = Promise.resolve(token.current()).catch((error: unknown) => error);
  await clock.advance(10_000);
  expect(await waiting).toBeInstanceOf(CredentialsUnavailable);
  issuer.give("late", clock.now() + 60 * MINUTE);
  await clock.advance(0);
  expect(token.current()).toBe("late");
  expect(issuer.asked).toBe(1);
});

test("a late answer does not take the place of one that came after it was given up", async () => {
  const { clock, issuer, token } = start();
  const waiting = Promise.resolve(token.current()).catch(() => null);
  await clock.advance(11_000);
  await waiting;
  const again = token.current();
  issuer.give("quick", clock.now() + 60 * MINUTE, 1);
  expect(await again).toBe("quick");
  issuer.give("slow", clock.now() + MINUTE);
  await clock.advance(0);
  expect(token.current()).toBe("quick");
});

test("a value without an end is looked for again after a quarter of an hour, and kept if that fails", async () => {
  const { clock, issuer, token } = start();
  const first = token.current();
  issuer.give("static", null);
  await first;
  await clock.advance(14 * MINUTE);
  expect(token.current()).toBe("static");
  expect(issuer.asked).toBe(1);
  await clock.advance(MINUTE);
  expect(token.current()).toBe("static");
  expect(issuer.asked).toBe(2);
  issuer.refuse();
  await clock.advance(24 * 60 * MINUTE);
  expect(token.current()).toBe("static");
});

test("a short life is renewed in its middle, not from its beginning on", async () => {
  const { clock, issuer, token } = start();
  const first = token.current();
  issuer.give("short", clock.now() + 4 * MINUTE);
  await first;
  await clock.advance(MINUTE);
  expect(token.current()).toBe("short");
  expect(issuer.asked).toBe(1);
  await clock.advance(MINUTE);
  token.current();
  expect(issuer.asked).toBe(2);
});

test("a value that was refused is not given again: who comes next waits for another one", async () => {
  const { clock, issuer, token } = await withToken();
  token.doubt("first");
  const waiting = [token.current(), token.current()];
  expect(issuer.asked).toBe(2);
  issuer.give("second", clock.now() + 60 * MINUTE);
  expect(await Promise.all(waiting)).toEqual(["second", "second"]);
  expect(token.current()).toBe("second");
  token.doubt("first");
  expect(token.current()).toBe("second");
  expect(issuer.asked).toBe(2);
});

test("a refused value for which no other can be had serves on", async () => {
  const { issuer, token } = await withToken();
  token.doubt("first");
  const waiting = token.current();
  issuer.refuse();
  expect(await waiting).toBe("first");
  expect(token.current()).toBe("first");
});

test("one that is refused again and again is asked for every ten seconds, not with every call", async () => {
  const { clock, issuer, token } = await withToken();
  const refused = async (value: string): Promise<void> => {
    token.doubt(value);
    const waiting = token.current();
    issuer.give(`${value} again`, null);
    await waiting;
  };
  await refused("first");
  token.doubt("first again");
  await clock.advance(9_999);
  expect(token.current()).toBe("first again");
  expect(issuer.asked).toBe(2);
  await clock.advance(1);
  await refused("first again");
  expect(issuer.asked).toBe(3);
});
