/**
 * Calls a server by TLS and prints what became of it as JSON: a process of its own, since the authorities that a
 * process trusts are read when it starts. `tls-child.ts http1|fetch HOST PORT`.
 */
import { networkFault } from "../../../src/providers/network-fault.ts";
import { ask, FETCH, HTTP1, thrownBy } from "./driver.ts";

const [, , name, host = "", port = "0"] = process.argv;
const transport = (name === "http1" ? HTTP1 : FETCH).open();
const options = {
  scheme: "https",
  host,
  headers: { authorization: "Bearer s3cret" },
  body: "漢".repeat(1_000_000),
} as const;
const asking = ask(transport, Number(port), options);
const thrown = await thrownBy(asking).catch(() => null);
const told = thrown === null ? await asking : networkFault(thrown);
transport.close();
console.log(JSON.stringify(told));
