/** Responses that are ready in one turn of the event loop leave together. Owns holding them until then. */
import type { Departing, Departures } from "../core/departures.ts";

type App = (request: Request) => Promise<Response>;

export function answersTogether(app: App, departures: Departures): App {
  return (request) =>
    new Promise((resolve, reject) => {
      app(request).then((response) => departures(new Held(response, resolve)), reject);
    });
}

class Held implements Departing {
  readonly #response: Response;
  readonly #resolve: (response: Response) => void;

  constructor(response: Response, resolve: (response: Response) => void) {
    this.#response = response;
    this.#resolve = resolve;
  }

  depart(): void {
    this.#resolve(this.#response);
  }
}
