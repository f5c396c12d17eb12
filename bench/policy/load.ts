/** Requests at a steady rate, whether or not earlier ones were answered, each with the time it was due. */

export interface LoadOptions {
  readonly url: string;
  readonly key: string;
  readonly perSecond: number;
}

export interface Load {
  /** Milliseconds of the slowest request that was due between these two of `performance.now()`; 0 without any. */
  slowest(from: number, to: number): number;
  counts(): { readonly answered: number; readonly failed: number };
  stop(): Promise<void>;
}

export function startLoad({ url, key, perSecond }: LoadOptions): Load {
  const done: { readonly due: number; readonly ms: number }[] = [];
  const under = new Set<Promise<void>>();
  let failed = 0;
  let running = true;
  const body = JSON.stringify({ model: "bench", messages: [{ role: "user", content: "Where is it?" }] });

  const ask = async (due: number): Promise<void> => {
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body,
      });
      const text = await response.text();
      if (response.ok && text.includes("Here.")) done.push({ due, ms: performance.now() - due });
      else failed++;
    } catch {
      failed++;
    }
  };

  const pace = async (): Promise<void> => {
    let due = performance.now();
    while (running) {
      const wait = due - performance.now();
      if (wait > 0) await Bun.sleep(wait);
      // From the moment it leaves: this process is late at times, and that is not the gateway's.
      const asked = ask(performance.now()).finally(() => under.delete(asked));
      under.add(asked);
      due += 1000 / perSecond;
    }
  };
  const paced = pace();
  return {
    slowest: (from, to) =>
      done.reduce((most, { due, ms }) => (due >= from && due < to ? Math.max(most, ms) : most), 0),
    counts: () => ({ answered: done.length, failed }),
    async stop() {
      running = false;
      await paced;
      await Promise.all(under);
    },
  };
}
