// Requests over clear-text HTTP/2 with Node's own client, one after the other. Prints what came of each as JSON.
// Bun's client hears answers that Node's and curl's do not.
import { connect } from "node:http2";

const LIMIT_MS = 20_000;
const requests = JSON.parse(process.env.REQUESTS);
const seen = [];
for (const request of requests) seen.push(await ask(request));
process.stdout.write(JSON.stringify(seen));

/** `{path, headers, bytes}`: a POST of that many spaces. */
function ask({ path, headers, bytes }) {
  const session = connect(process.env.POINTSMAN_URL);
  return new Promise((resolve) => {
    const end = (outcome) => {
      clearTimeout(limit);
      session.destroy();
      resolve(outcome);
    };
    const limit = setTimeout(() => end({ error: "no end" }), LIMIT_MS);
    session.on("error", (error) => end({ error: error.message }));
    const stream = session.request({ ":method": "POST", ":path": path, ...headers });
    let status = null;
    let body = "";
    stream.on("response", (answered) => {
      status = answered[":status"];
    });
    stream.on("data", (chunk) => {
      body += chunk;
    });
    stream.on("error", (error) => end({ error: error.message }));
    stream.on("close", () => end({ status, code: body === "" ? null : JSON.parse(body).error?.code }));
    stream.end(Buffer.alloc(bytes, " "));
  });
}
