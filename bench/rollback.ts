/**
 * How long a bad canary goes on being asked after somebody has said that it shall not: requests at a constant rate,
 * whatever the answers do, and the command in the middle of them. Owns the pace and the figure; knows no rollout but by
 * its arm's name in `x-pointsman-arm`.
 */

export interface RollbackOptions {
  /** Gateways that share the load, in turn: `http://127.0.0.1:PORT`. */
  readonly urls: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** `rollout/arm` that is to get nothing any more. */
  readonly arm: string;
  /** Requests a second, over all gateways. */
  readonly perSecond: number;
  /** Milliseconds of load before the command, and after it. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Says it; resolves when it was said. */
  command(): Promise<void>;
}

export interface RollbackFigures {
  /**
   * Milliseconds from the command's beginning to the sending of the last request that the arm answered; 0: none after
   * it. Requests that were sent earlier and are still being answered finish where they began.
   */
  readonly rollback_ms: number;
  /** Milliseconds that the command itself took. */
  readonly command_ms: number;
  readonly requests: number;
  /** Answers that were no 200, or none. */
  readonly errors: number;
  /** Requests of the arm, sent before the command and from then on. */
  readonly arm_before: number;
  readonly arm_after: number;
}

interface Sent {
  readonly at: number;
  readonly arm: string | null;
  readonly ok: boolean;
}

export async function measureRollback(options: RollbackOptions): Promise<RollbackFigures> {
  const { perSecond, beforeMs, afterMs, arm } = options;
  const start = performance.now();
  const end = start + beforeMs + afterMs;
  const under: Promise<Sent>[] = [];
  let commanded: Promise<readonly [from: number, to: number]> | null = null;
  for (let due = 0; start + (due * 1000) / perSecond < end; ) {
    const now = performance.now();
    if (commanded === null && now >= start + beforeMs) commanded = timed(options.command);
    // What is due is sent, however late the loop is: a stall is no pause for callers.
    while (start + (due * 1000) / perSecond <= now) under.push(ask(options, due++));
    await Bun.sleep(1);
  }
  const sent = await Promise.all(under);
  const [from, to] = await (commanded ?? timed(options.command));
  const own = sent.filter((one) => one.arm === arm);
  const late = own.filter(({ at }) => at >= from);
  return {
    rollback_ms: Math.round(Math.max(0, ...late.map(({ at }) => at - from)) * 10) / 10,
    command_ms: Math.round((to - from) * 10) / 10,
    requests: sent.length,
    errors: sent.filter(({ ok }) => !ok).length,
    arm_before: own.length - late.length,
    arm_after: late.length,
  };
}

async function timed(command: () => Promise<void>): Promise<readonly [number, number]> {
  const from = performance.now();
  await command();
  return [from, performance.now()];
}

async function ask({ urls, headers, model }: RollbackOptions, number: number): Promise<Sent> {
  const body = {
    model,
    user: `user-${number}`,
    messages: [{ role: "user", content: "Where is my parcel?" }],
  };
  const at = performance.now();
  try {
    const response = await fetch(`${urls[number % urls.length]}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    await response.text();
    return { at, arm: response.headers.get("x-pointsman-arm"), ok: response.ok };
  } catch {
    return { at, arm: null, ok: false };
  }
}
