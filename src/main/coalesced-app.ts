/** Requests of one turn of the event loop are begun together, and their responses leave together. Owns holding them. */
import type { Coalesce, Task } from "../core/coalesce.ts";

type App = (request: Request) => Promise<Response>;

export function coalescedApp(app: App, arrivals: Coalesce, departures: Coalesce): App {
  return (request) =>
    new Promise((resolve, reject) => {
      const arrival: Task = {
        run() {
          try {
            app(request).then((response) => departures({ run: () => resolve(response) }), reject);
          } catch (thrown) {
            reject(thrown);
          }
        },
      };
      arrivals(arrival);
    });
}
