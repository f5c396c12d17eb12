/**
 * Whether an endpoint can be reached at all. `fetch` does not say when it has connected, so a call that is
 * still silent asks for itself: a second connection that succeeds means a slow model, one that does not means
 * an endpoint that is gone. Owns that question; what follows is the watchdog's.
 */
import type { Clock } from "../core/clock.ts";

/** Opens and closes a TCP connection to the host of `url`; false when that fails or takes `withinMs`. */
export async function canConnect(url: string, withinMs: number, clock: Clock): Promise<boolean> {
  // Loaded when somebody asks, which most gateways never do.
  const { connect } = await import("node:net");
  const { hostname, port, protocol } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    });
    const settle = (reached: boolean): void => {
      timer.cancel();
      socket.destroy();
      resolve(reached);
    };
    const timer = clock.after(withinMs, () => settle(false));
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}
