/** How long and how much each figure is measured, in a full and in a quick run. Owns the sizes. */

export interface Settings {
  /** The whole run; figures that do not fit any more are null. Milliseconds. */
  readonly budgetMs: number;
  readonly installTimeoutMs: number;
  /**
   * Closed-loop rounds and their whole seconds. Before them each gateway is warmed up until it has answered
   * `warmupRequests`, or for `warmupSeconds`.
   */
  readonly cpu: {
    readonly rounds: number;
    readonly seconds: number;
    readonly warmupRequests: number;
    readonly warmupSeconds: number;
  };
  /** Pairs of rounds, one to the upstream and one through the gateway, of `seconds` each. */
  readonly latency: { readonly rounds: number; readonly seconds: number };
  /** `compare`: whether the bare proxy is measured as well. */
  readonly chunks: { readonly streams: number; readonly rounds: number; readonly compare: boolean };
  readonly streams: { readonly rounds: number };
  readonly memory: { readonly early: number; readonly late: number; readonly timeoutMs: number };
  readonly start: { readonly rounds: number };
}

export const CONNECTIONS = 64;
export const REQUESTS_PER_SECOND = 1_000;
export const SLOW_STREAMS = 2_000;

export const FULL: Settings = {
  budgetMs: 20 * 60_000,
  installTimeoutMs: 120_000,
  cpu: { rounds: 7, seconds: 5, warmupRequests: 100_000, warmupSeconds: 30 },
  latency: { rounds: 15, seconds: 3 },
  chunks: { streams: 64, rounds: 8, compare: true },
  streams: { rounds: 3 },
  memory: { early: 50_000, late: 1_000_000, timeoutMs: 8 * 60_000 },
  start: { rounds: 9 },
};

export const QUICK: Settings = {
  budgetMs: 43_000,
  installTimeoutMs: 10_000,
  cpu: { rounds: 3, seconds: 1, warmupRequests: 30_000, warmupSeconds: 4 },
  latency: { rounds: 5, seconds: 0.5 },
  chunks: { streams: 64, rounds: 2, compare: false },
  streams: { rounds: 1 },
  memory: { early: 10_000, late: 50_000, timeoutMs: 7_000 },
  start: { rounds: 3 },
};
