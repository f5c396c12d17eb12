/** Requests of one turn of the event loop are begun together, and their responses leave together. Owns holding them. */
import type { Coalesce, Task } from "../core/coalesce.ts";

type App = (request: Request) => Promise<Response>;

export function coalescedApp(app: App, arrivals: Coalesce, departures: Coalesce): App {
  return (request) =>
    new Promise((resolve, reject) => arrivals(new Passage(app, request, departures, resolve, reject)));
}

/** One request: a task as it arrives, and again as its response departs. */
class Passage implements Task {
  readonly #app: App;
  readonly #request: Request;
  readonly #departures: Coalesce;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  #response: Response | null = null;

  constructor(
    app: App,
    request: Request,
    departures: Coalesce,
    resolve: (response: Response) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#app = app;
    this.#request = request;
    this.#departures = departures;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  run(): void {
    if (this.#response === null) this.#arrive();
    else this.#resolve(this.#response);
  }

  #arrive(): void {
    try {
      this.#app(this.#request).then((response) => {
        this.#response = response;
        this.#departures(this);
      }, this.#reject);
    } catch (thrown) {
      this.#reject(thrown);
    }
  }
}
