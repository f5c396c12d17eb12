/** What every driver of shared state must do. Owns the suite; a driver brings replicas that share something. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type {
  FleetNews,
  ProbeClaim,
  ProbeQuestion,
  SharedState,
} from "../../../src/resilience/shared-state.ts";

export interface SharedStateFixture {
  /** A replica of the same fleet, connected. */
  connect(): Promise<SharedState>;
  /** Ends whatever `connect` did not. */
  stop(): Promise<void>;
}

/** A replica and all it has heard. */
interface Listener {
  readonly replica: SharedState;
  readonly heard: FleetNews[];
}

const START = 1_700_000_000_000;
const stamp = (at: number, origin = "a") => ({ at: START + at, origin });
const opened = (at: number, change: Partial<Extract<FleetNews, { kind: "opened" }>> = {}) =>
  ({
    kind: "opened",
    deployment: "large-us",
    stamp: stamp(at),
    reason: "failures",
    forMs: 60_000,
    openMs: 5000,
    probingMs: 10_000,
    ...change,
  }) as const;
const closed = (at: number, ordered = false) =>
  ({ kind: "closed", deployment: "large-us", stamp: stamp(at), ordered }) as const;
const cooling = (forMs: number, quotaGroup = "acme/us") => ({ kind: "cooling", quotaGroup, forMs }) as const;
const question = (at: number, change: Partial<ProbeQuestion> = {}): ProbeQuestion => ({
  deployment: "large-us",
  period: stamp(at),
  probes: 2,
  leaseMs: 60_000,
  ...change,
});

function timeOf(news: FleetNews): number {
  return news.kind === "cooling" ? 0 : news.stamp.at;
}

/** Looks until it holds: what is told arrives a moment later. */
export async function soon(check: () => void | Promise<void>, withinMs = 5000): Promise<void> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (thrown) {
      if (Date.now() > until) throw thrown;
      await Bun.sleep(5);
    }
  }
}

export function describeSharedState(name: string, start: () => Promise<SharedStateFixture>): void {
  describe(`shared state: ${name}`, () => {
    let fixture: SharedStateFixture;
    const replicas: SharedState[] = [];

    beforeEach(async () => {
      fixture = await start();
    });
    afterEach(async () => {
      for (const replica of replicas.splice(0)) await replica.close();
      await fixture.stop();
    });

    async function join(standing: () => readonly FleetNews[] = () => []): Promise<Listener> {
      const replica = await fixture.connect();
      replicas.push(replica);
      const heard: FleetNews[] = [];
      replica.follow((news) => heard.push(news), standing);
      return { replica, heard };
    }
    const kinds = ({ heard }: Listener) => heard.map((news) => news.kind);
    const isClaim = (answer: ProbeClaim | string): answer is ProbeClaim => typeof answer === "object";
    async function claim(replica: SharedState, asked: ProbeQuestion): Promise<ProbeClaim> {
      const answer = await replica.claimProbe(asked);
      if (!isClaim(answer)) throw new Error(`the claim is ${answer}`);
      return answer;
    }

    test("news reaches every other replica, as it was said, and not its author", async () => {
      const [one, two, three] = [await join(), await join(), await join()];
      one.replica.publish(opened(1));
      one.replica.publish(cooling(2000));
      for (const other of [two, three]) {
        await soon(() => expect(kinds(other).toSorted()).toEqual(["cooling", "opened"]));
        const news = other.heard.find(({ kind }) => kind === "opened");
        expect(news).toEqual({ ...opened(1), forMs: expect.any(Number) });
      }
      expect(one.heard).toEqual([]);
    });

    test("a replica that starts later hears what still holds, with what is left of it", async () => {
      const first = await join();
      first.replica.publish(opened(1));
      first.replica.publish(cooling(30_000));
      first.replica.publish(opened(2, { deployment: "large-eu", reason: "forced", forMs: null }));
      const witness = await join();
      await soon(() => expect(witness.heard.length).toBeGreaterThanOrEqual(3));
      const late = await join();
      await soon(() => expect(kinds(late).toSorted()).toEqual(["cooling", "opened", "opened"]));
      for (const news of late.heard) {
        if (news.kind === "closed" || news.forMs === null) continue;
        expect(news.forMs).toBeGreaterThan(10_000);
        expect(news.forMs).toBeLessThanOrEqual(60_000);
      }
      expect(
        late.heard.find((news) => news.kind === "opened" && news.deployment === "large-eu"),
      ).toMatchObject({
        reason: "forced",
        forMs: null,
      });
    });

    test("an opening that is being probed is told for as long as that may take, then no more", async () => {
      const first = await join();
      first.replica.publish(opened(1, { forMs: 0, probingMs: 30_000 }));
      first.replica.publish(opened(2, { deployment: "gone", forMs: 0, probingMs: 0 }));
      const witness = await join();
      await soon(() => expect(witness.heard.length).toBeGreaterThanOrEqual(1));
      const late = await join();
      await soon(() => expect(late.heard).toEqual([{ ...opened(1), forMs: 0, probingMs: 30_000 }]));
    });

    test("of two facts the later one is kept, in whatever order they were told", async () => {
      const [one, two] = [await join(), await join()];
      one.replica.publish(closed(5));
      await soon(() => expect(kinds(two)).toEqual(["closed"]));
      one.replica.publish(opened(3));
      await soon(() => expect(kinds(two)).toEqual(["closed", "opened"]));
      const late = await join();
      await soon(() => expect(kinds(late)).toEqual(["closed"]));
    });

    test("what an operator orders and what circuits find out are kept beside each other", async () => {
      const [one, two] = [await join(), await join()];
      one.replica.publish(opened(1, { reason: "forced", forMs: null }));
      one.replica.publish(opened(2));
      await soon(() => expect(two.heard).toHaveLength(2));
      const late = await join();
      const byTime = () => late.heard.toSorted((a, b) => timeOf(a) - timeOf(b));
      await soon(() =>
        expect(byTime()).toMatchObject([{ reason: "forced", forMs: null }, { stamp: stamp(2) }]),
      );
      one.replica.publish(closed(3, true));
      await soon(() => expect(byTime()).toHaveLength(3));
      const later = await join();
      await soon(() => expect(kinds(later).toSorted()).toEqual(["closed", "opened"]));
      expect(later.heard.find(({ kind }) => kind === "closed")).toEqual(closed(3, true));
    });

    test("an order that is withdrawn is not told to who comes later; a later one stays", async () => {
      const [one, two] = [await join(), await join()];
      const order = (at: number, deployment: string) =>
        opened(at, { deployment, reason: "forced", forMs: null, by: "ops-1" });
      one.replica.publish(order(1, "gone"));
      one.replica.publish(order(5, "stays"));
      await soon(() => expect(two.heard).toHaveLength(2));
      one.replica.withdraw("gone", stamp(1));
      one.replica.withdraw("stays", stamp(4));
      one.replica.publish(cooling(60_000));
      await soon(() => expect(two.heard).toHaveLength(3));
      const late = await join();
      await soon(() => expect(kinds(late).toSorted()).toEqual(["cooling", "opened"]));
      expect(late.heard).toContainEqual(order(5, "stays"));
    });

    test("whoever asks again hears what holds now, and no more what was withdrawn", async () => {
      const [one, two] = [await join(), await join()];
      const order = (at: number, deployment: string) =>
        opened(at, { deployment, reason: "forced", forMs: null, by: "ops-1" });
      one.replica.publish(order(1, "gone"));
      one.replica.publish(order(2, "stays"));
      await soon(() => expect(two.heard).toHaveLength(2));
      one.replica.withdraw("gone", stamp(1));
      one.replica.publish(closed(3));
      await soon(() => expect(two.heard).toHaveLength(3));
      two.heard.length = 0;
      two.replica.refresh();
      await soon(() => expect(kinds(two).toSorted()).toEqual(["closed", "opened"]));
      expect(two.heard).toContainEqual(order(2, "stays"));
    });

    test("the last good probe ends an order's time, too", async () => {
      const [one, two] = [await join(), await join()];
      one.replica.publish(opened(1, { reason: "forced", forMs: 0 }));
      await soon(() => expect(kinds(two)).toEqual(["opened"]));
      (await claim(two.replica, question(1, { probes: 1 }))).settle("good", stamp(2));
      await soon(() => expect(one.heard).toEqual([{ ...closed(2), ordered: false }]));
    });

    test("the newest cooldown counts, a shorter one too", async () => {
      const [one, two] = [await join(), await join()];
      one.replica.publish(cooling(60_000));
      await soon(() => expect(two.heard).toHaveLength(1));
      one.replica.publish(cooling(20_000));
      await soon(() => expect(two.heard).toHaveLength(2));
      const late = await join();
      await soon(() => expect(late.heard).toHaveLength(1));
      const [news] = late.heard;
      expect(news?.kind === "cooling" && news.forMs).toBeLessThanOrEqual(20_000);
    });

    test("a cooldown that was ended is told to who comes later, too: they may go by an older one", async () => {
      const [one, two] = [await join(), await join()];
      one.replica.publish(cooling(60_000));
      one.replica.publish(cooling(60_000, "acme/eu"));
      await soon(() => expect(two.heard).toHaveLength(2));
      two.replica.publish(cooling(0));
      await soon(() => expect(one.heard).toEqual([cooling(0)]));
      const late = await join();
      await soon(() => expect(late.heard).toHaveLength(2));
      expect(late.heard).toContainEqual(cooling(0));
      one.replica.publish(cooling(30_000));
      await soon(() => expect(two.heard).toHaveLength(3));
      const later = await join();
      await soon(() => expect(later.heard).toHaveLength(2));
      expect(later.heard).not.toContainEqual(cooling(0));
    });

    test("a period has exactly as many probes as it says, over all replicas", async () => {
      const fleet = [await join(), await join(), await join()];
      const asked = fleet.flatMap(({ replica }) => [1, 2, 3].map(() => replica.claimProbe(question(1))));
      const answers = await Promise.all(asked);
      expect(answers.filter(isClaim)).toHaveLength(2);
      expect(answers.filter((answer) => answer === "held")).toHaveLength(7);
    });

    test("a probe without a verdict gives its place to another replica; a bad one does not", async () => {
      const [one, two] = [await join(), await join()];
      const first = await claim(one.replica, question(1, { probes: 1 }));
      expect(await two.replica.claimProbe(question(1, { probes: 1 }))).toBe("held");
      first.settle("none", stamp(2));
      let second: ProbeClaim | string = "held";
      while (!isClaim(second)) second = await two.replica.claimProbe(question(1, { probes: 1 }));
      second.settle("bad", stamp(3));
      expect(await one.replica.claimProbe(question(1, { probes: 1 }))).toBe("held");
      expect(isClaim(await one.replica.claimProbe(question(4, { probes: 1 })))).toBe(true);
    });

    test("the last good probe closes the circuit everywhere, the prober's own among them", async () => {
      const [one, two] = [await join(), await join()];
      one.replica.publish(opened(1, { forMs: 0 }));
      await soon(() => expect(kinds(two)).toEqual(["opened"]));
      const [first, second] = [await claim(one.replica, question(1)), await claim(two.replica, question(1))];
      first.settle("good", stamp(2));
      second.settle("good", stamp(3));
      await soon(() => {
        expect(one.heard.at(-1)).toMatchObject({ kind: "closed", ordered: false });
        expect(two.heard.at(-1)).toMatchObject({ kind: "closed", ordered: false });
      });
      const late = await join();
      await soon(() => expect(kinds(late)).toEqual(["closed"]));
    });

    test("a good probe of an earlier period does not close what has opened since", async () => {
      const [one, two] = [await join(), await join()];
      one.replica.publish(opened(1, { forMs: 0 }));
      const probe = await claim(one.replica, question(1, { probes: 1 }));
      one.replica.publish(opened(2));
      await soon(() => expect(two.heard.at(-1)).toMatchObject({ stamp: stamp(2) }));
      probe.settle("good", stamp(3));
      one.replica.publish(cooling(1000));
      await soon(() => expect(two.heard.at(-1)).toMatchObject({ kind: "cooling" }));
      expect(kinds(two)).not.toContain("closed");
      expect(one.heard).toEqual([]);
    });

    test("the place of a probe that is never heard of again is free after its lease", async () => {
      const [one, two] = [await join(), await join()];
      await claim(one.replica, question(1, { probes: 1, leaseMs: 150 }));
      expect(await two.replica.claimProbe(question(1, { probes: 1, leaseMs: 150 }))).toBe("held");
      let answer: ProbeClaim | string = "held";
      const until = Date.now() + 5000;
      while (!isClaim(answer) && Date.now() < until) {
        await Bun.sleep(5);
        answer = await two.replica.claimProbe(question(1, { probes: 1, leaseMs: 150 }));
      }
      expect(isClaim(answer)).toBe(true);
    });

    test("what one replica says of many deployments at once arrives whole", async () => {
      const [one, two] = [await join(), await join()];
      for (let count = 0; count < 200; count++)
        one.replica.publish(opened(count, { deployment: `d${count}` }));
      await soon(() => expect(two.heard).toHaveLength(200));
    });

    test("a replica that was closed says, hears and claims nothing", async () => {
      const [one, two] = [await join(), await join()];
      await two.replica.close();
      two.replica.publish(opened(1));
      one.replica.publish(opened(2));
      const late = await join();
      await soon(() => expect(late.heard).toMatchObject([{ stamp: stamp(2) }]));
      expect(two.heard).toEqual([]);
      expect(one.heard).toEqual([]);
      expect(await two.replica.claimProbe(question(1))).toBe("unknown");
    });
  });
}
