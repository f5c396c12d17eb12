/**
 * Shared state over Redis: a hash of what holds, a channel for what happens, a key for each probe. Owns the keys and
 * the patience; a request waits for Redis 50 ms at the most, and once it had to, none does until Redis is quick again.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import type { HealthSignal } from "../../core/faults.ts";
import {
  type FleetNews,
  keptAfterMs,
  orderSubjectOf,
  type ProbeClaim,
  type ProbeQuestion,
  type SharedState,
  type Stamp,
  subjectOf,
} from "../../resilience/shared-state.ts";
import { decodeNews, encodeNews } from "./news-codec.ts";
import { createOutbox } from "./outbox.ts";
import { connectRedis, type RedisConnection } from "./redis-connection.ts";
import { reasonOf } from "./redis-reason.ts";
import { CLAIM, GOOD, LIST, RELEASE, TELL, WITHDRAW } from "./scripts.ts";

/** How long a request waits to be told whether it may probe. */
export const PATIENCE_MS = 50;
/** How often a Redis that was slow is asked whether it still is. */
const LOOK_AGAIN_MS = 1000;
/** How long news that could not be told waits for the next try. */
const TELL_AGAIN_MS = 500;
/** How often orders that hold are told again: a Redis may lose what it keeps without losing its connections. */
const REMIND_MS = 30_000;
/** The last words of a process that ends. */
const FAREWELL_MS = 250;
/** So long after the start a connection that is not there is said to be lost. */
const START_GRACE_MS = 5000;
/** How long facts outlive the last thing that happened. */
const FACTS_TTL_MS = 30 * 86_400_000;

/** `refused`: it answers, and takes no news: it is full, read-only, or does not let this user write. */
export type SharedStatus = "connected" | "lost" | "refused";

export interface RedisOptions {
  readonly url: string;
  /** Begins all names: fleets that share a server have different ones. */
  readonly prefix: string;
  readonly clock: Clock;
  /** Id of this process, which no other has. */
  readonly origin: string;
  /** Milliseconds that a request may wait; default: `PATIENCE_MS`. */
  readonly patienceMs?: number;
  /**
   * Told when both connections are there, when one is lost, and when Redis takes no news; once each time. `reason`: of
   * the latter two, one word, without address or secret.
   */
  onStatus?(status: SharedStatus, reason: string | null): void;
}

/** Begins to connect at once, and goes on trying for as long as it is open. */
export function createRedisSharedState(options: RedisOptions): SharedState {
  return new RedisSharedState(options);
}

class RedisSharedState implements SharedState {
  readonly #options: RedisOptions;
  readonly #patienceMs: number;
  readonly #facts: string;
  readonly #channel: string;
  readonly #outbox = createOutbox();
  readonly #commands: RedisConnection;
  readonly #ear: RedisConnection;
  #listener: ((news: FleetNews) => void) | null = null;
  #standing: () => readonly FleetNews[] = () => [];
  /** By deployment: orders that are to be taken down. */
  readonly #withdrawn = new Map<string, Stamp>();
  #reminder: Timer;
  #telling: Promise<void> | null = null;
  /** The channel is heard. */
  #listening = false;
  #slow = false;
  #status: SharedStatus | null = null;
  readonly #grace: Timer;
  #closed = false;
  #claims = 0;

  constructor(options: RedisOptions) {
    const { url, prefix, clock } = options;
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#facts = `${prefix}:facts`;
    this.#channel = `${prefix}:news`;
    this.#commands = connectRedis(url, clock, {
      ready: () => this.#onReady(),
      lost: () => this.#onLost(),
    });
    this.#ear = connectRedis(url, clock, {
      ready: () => void this.#listen(),
      lost: () => {
        this.#listening = false;
        this.#onLost();
      },
    });
    this.#grace = clock.after(START_GRACE_MS, () => {
      if (this.#status === null) this.#turn("lost", this.#lostBy());
    });
    this.#reminder = clock.after(REMIND_MS, () => this.#remindAgain());
    this.#ear.redis.on("message", (_channel: string, message: string) => this.#hear(message));
  }

  publish(news: FleetNews): void {
    if (this.#closed) return;
    this.#outbox.put(news, this.#options.clock.now());
    this.#tell();
  }

  follow(listener: (news: FleetNews) => void, standing: () => readonly FleetNews[] = () => []): void {
    this.#listener = listener;
    this.#standing = standing;
    this.refresh();
  }

  refresh(): void {
    if (!this.#closed && this.#listening && this.#commands.isReady()) void this.#list();
  }

  withdraw(deployment: string, stamp: Stamp): void {
    if (this.#closed) return;
    this.#withdrawn.set(deployment, stamp);
    void this.#remind();
  }

  async claimProbe(question: ProbeQuestion): Promise<ProbeClaim | "held" | "unknown"> {
    if (this.#closed || this.#slow || !this.#commands.isReady()) return "unknown";
    const holder = `${this.#options.origin}:${++this.#claims}`;
    const places = this.#placesOf(question);
    const asked = this.#run(CLAIM, places, [holder, question.leaseMs]).then(Number, () => null);
    const answer = await this.#inTime(asked, this.#patienceMs);
    if (answer === "late") {
      this.#onSlow();
      void asked.then((place) => place !== null && this.#release(places[place], holder));
      return "unknown";
    }
    if (answer === null) return "unknown";
    const place = places[answer];
    if (place === undefined) return "held";
    return { settle: (verdict, stamp) => this.#settle(question, place, holder, verdict, stamp) };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#grace.cancel();
    this.#reminder.cancel();
    if (this.#telling) await this.#inTime(this.#telling, FAREWELL_MS);
    this.#ear.close();
    this.#commands.close();
  }

  #settle(question: ProbeQuestion, place: string, holder: string, verdict: HealthSignal, stamp: Stamp): void {
    if (verdict === "none") this.#release(place, holder);
    if (verdict !== "good") return;
    const { deployment, period, leaseMs } = question;
    const news: FleetNews = { kind: "closed", deployment, stamp, ordered: false };
    // From nobody: this process is to hear it, too.
    const message = withSender("", encodeNews(news));
    const keys = [this.#facts, place, ...this.#placesOf(question)];
    const names = [
      this.#channel,
      subjectOf(news),
      subjectOf({ ...news, ordered: true }),
      holder,
      10 * leaseMs,
    ];
    const times = [period.at, period.origin, stamp.at, stamp.origin];
    this.#run(GOOD, keys, [...names, ...times, encodeNews(news), message]).catch(() => undefined);
  }

  #release(place: string | undefined, holder: string): void {
    if (place !== undefined) this.#run(RELEASE, [place], [holder]).catch(() => undefined);
  }

  #placesOf({ deployment, period, probes }: ProbeQuestion): readonly string[] {
    const name = `${this.#options.prefix}:probe:${deployment}:${period.at}-${period.origin}`;
    return Array.from({ length: probes }, (_, index) => `${name}:${index}`);
  }

  /** One at a time; what comes meanwhile goes with the next. */
  #tell(): void {
    if (this.#telling || this.#outbox.size === 0 || !this.#commands.isReady()) return;
    this.#telling = this.#tellAll().then((told) => {
      this.#telling = null;
      if (this.#closed) return;
      if (told) this.#tell();
      else this.#options.clock.after(TELL_AGAIN_MS, () => this.#tell());
    });
  }

  async #tellAll(): Promise<boolean> {
    const { clock } = this.#options;
    const takenAt = clock.now();
    const news = this.#outbox.take(takenAt);
    const told = await Promise.allSettled(news.map((one) => this.#tellOne(one)));
    const left = news.filter((_, index) => told[index]?.status === "rejected");
    if (left.length === 0) {
      if (this.#status === "refused") this.#turn("connected");
      return true;
    }
    this.#outbox.giveBack(left, takenAt);
    // What it answers is no fault of the connection.
    const refusal = told.find((one) => one.status === "rejected" && isReply(one.reason));
    if (refusal?.status === "rejected") this.#turn("refused", reasonOf(refusal.reason));
    else this.#commands.renew();
    return false;
  }

  #remindAgain(): void {
    this.#reminder = this.#options.clock.after(REMIND_MS, () => this.#remindAgain());
    void this.#remind();
  }

  /** What fails is for the next time. */
  async #remind(): Promise<void> {
    if (this.#closed || !this.#commands.isReady()) return;
    const told = this.#standing().map((news) => this.#tellOne(news, true));
    const taken = [...this.#withdrawn].map(async ([deployment, stamp]) => {
      const { at, origin } = stamp;
      await this.#run(WITHDRAW, [this.#facts], [orderSubjectOf(deployment), at, origin]);
      if (this.#withdrawn.get(deployment) === stamp) this.#withdrawn.delete(deployment);
    });
    await Promise.allSettled([...told, ...taken]);
  }

  /** `again`: others are told only where it was not there any more. */
  #tellOne(news: FleetNews, again = false): Promise<unknown> {
    const text = encodeNews(news);
    const message = withSender(this.#options.origin, text);
    const forMs = news.kind === "closed" ? 0 : (news.forMs ?? -1);
    const keptMs = keptAfterMs(news) ?? -1;
    const { at, origin } = news.kind === "cooling" ? { at: 0, origin: "-" } : news.stamp;
    return this.#run(
      TELL,
      [this.#facts],
      [
        this.#channel,
        subjectOf(news),
        message,
        text,
        Math.round(forMs),
        Math.round(keptMs),
        at,
        origin,
        FACTS_TTL_MS,
        again ? 1 : 0,
      ],
    );
  }

  #run(script: string, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    return this.#commands.redis.eval(script, keys.length, ...keys, ...values);
  }

  async #listen(): Promise<void> {
    try {
      await this.#ear.redis.subscribe(this.#channel);
      this.#listening = true;
      this.#onReady();
    } catch {
      this.#ear.renew();
    }
  }

  async #list(): Promise<void> {
    if (this.#listener === null) return;
    const found: unknown = await this.#run(LIST, [this.#facts], []).catch(() => null);
    if (!Array.isArray(found)) return;
    for (let index = 0; index + 1 < found.length; index += 2) {
      const left = Number(found[index]);
      const news = decodeNews(String(found[index + 1]));
      if (news) this.#say(news.kind === "closed" ? news : withLeft(news, left));
    }
  }

  #hear(message: string): void {
    const [sender, text] = parted(message);
    if (sender === this.#options.origin) return;
    const news = decodeNews(text);
    if (news) this.#say(news);
  }

  #say(news: FleetNews): void {
    if (!this.#closed) this.#listener?.(news);
  }

  /** What waits is told first, so that what is read then is no older; the channel is heard by then. */
  #onReady(): void {
    if (!this.#commands.isReady()) return;
    this.#slow = false;
    this.#tell();
    void this.#remind();
    if (!this.#listening || this.#status === "connected") return;
    this.#turn("connected");
    void this.#list();
  }

  #onLost(): void {
    if (this.#status !== null) this.#turn("lost", this.#lostBy());
  }

  #lostBy(): string {
    return (this.#commands.isReady() ? this.#ear : this.#commands).reason();
  }

  #turn(status: SharedStatus, reason: string | null = null): void {
    if (this.#closed || status === this.#status) return;
    this.#status = status;
    this.#options.onStatus?.(status, reason);
  }

  /** Nobody asks it until it has shown to be quick again. */
  #onSlow(): void {
    if (this.#slow) return;
    this.#slow = true;
    const look = (): void => {
      if (this.#closed || !this.#slow) return;
      const asked = this.#commands.redis.ping().then(
        () => true,
        () => false,
      );
      void this.#inTime(asked, this.#patienceMs).then((answer) => {
        if (answer === true) this.#slow = false;
        else this.#options.clock.after(LOOK_AGAIN_MS, look);
      });
    };
    this.#options.clock.after(LOOK_AGAIN_MS, look);
  }

  #inTime<T>(asked: Promise<T>, ms: number): Promise<T | "late"> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(ms, () => resolve("late"));
      void asked.then((answer) => {
        timer.cancel();
        resolve(answer);
      });
    });
  }
}

function withLeft(news: Exclude<FleetNews, { kind: "closed" }>, left: number): FleetNews {
  if (news.kind === "cooling") return { ...news, forMs: Math.max(0, left) };
  return { ...news, forMs: left < 0 ? null : left };
}

function isReply(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "ReplyError";
}

/** `sender news`; ids of processes have no spaces. */
function withSender(sender: string, news: string): string {
  return `${sender} ${news}`;
}

function parted(message: string): readonly [sender: string, text: string] {
  const end = message.indexOf(" ");
  return [message.slice(0, end), message.slice(end + 1)];
}
