/**
 * Requests of one turn of the event loop are begun together, and their responses leave together. Owns holding them,
 * also until a body that the application left unread is out of the way.
 */
import type { Coalesce, Task } from "../core/coalesce.ts";

type App = (request: Request) => Promise<Response>;

/** Null where nothing of the request's body is left to be read; the promise never rejects. */
export type DiscardUnread = (request: Request) => Promise<void> | null;

/** `ports.app` is looked up for each request: another may take its place. */
export function coalescedApp(ports: CoalescedPorts, arrivals: Coalesce): App {
  return (request) =>
    new Promise((resolve, reject) => arrivals(new Passage(ports, request, resolve, reject)));
}

export interface CoalescedPorts {
  readonly app: App;
  readonly departures: Coalesce;
  readonly discardUnread: DiscardUnread;
}

/** One request: a task as it arrives, and again as its response departs. */
class Passage implements Task {
  readonly #ports: CoalescedPorts;
  readonly #request: Request;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  #response: Response | null = null;

  constructor(
    ports: CoalescedPorts,
    request: Request,
    resolve: (response: Response) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#ports = ports;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  run(): void {
    if (this.#response === null) this.#arrive();
    else this.#resolve(this.#response);
  }

  #arrive(): void {
    try {
      this.#ports.app(this.#request).then((response) => {
        const unread = this.#ports.discardUnread(this.#request);
        if (unread === null) this.#depart(response);
        else void unread.then(() => this.#depart(response));
      }, this.#reject);
    } catch (thrown) {
      this.#reject(thrown);
    }
  }

  #depart(response: Response): void {
    this.#response = response;
    this.#ports.departures(this);
  }
}
