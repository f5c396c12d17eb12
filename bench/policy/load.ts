/** Requests at a steady rate, for as long as the process lasts, whether or not earlier ones were answered. */

/** Epoch milliseconds, finer than whole ones; the same in every process. */
export const now = (): number => performance.timeOrigin + performance.now();

export interface LoadOptions {
  readonly url: string;
  readonly key: string;
  readonly perSecond: number;
}

export interface Load {
  /** Milliseconds of the slowest request that was due between these two, in epoch milliseconds; 0 without any. */
  slowest(from: number, to: number): number;
  counts(): { readonly answered: number; readonly failed: number };
}

export function startLoad({ url, key, perSecond }: LoadOptions): Load {
  const done: { readonly due: number; readonly ms: number }[] = [];
  let failed = 0;
  const body = JSON.stringify({ model: "bench", messages: [{ role: "user", content: "Where is it?" }] });

  const ask = async (due: number): Promise<void> => {
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body,
      });
      const text = await response.text();
      if (response.ok && text.includes("Here.")) done.push({ due, ms: now() - due });
      else failed++;
    } catch {
      failed++;
    }
  };

  const pace = async (): Promise<void> => {
    let due = now();
    for (;;) {
      const wait = due - now();
      if (wait > 0) await Bun.sleep(wait);
      // From the moment it leaves: this process is late at times, and that is not the gateway's.
      void ask(now());
      due += 1000 / perSecond;
    }
  };
  void pace();
  return {
    slowest: (from, to) =>
      done.reduce((most, { due, ms }) => (due >= from && due < to ? Math.max(most, ms) : most), 0),
    counts: () => ({ answered: done.length, failed }),
  };
}
