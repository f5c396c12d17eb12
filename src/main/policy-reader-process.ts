/**
 * The process that reads policies: the entry point that `policy-reader.ts` starts. Answers each question once, in
 * order, and ends with whoever started it. Its argument is its niceness: it gives way to the requests that are served
 * meanwhile, with all its threads, as those that compile and collect do a good part of its work.
 */
import type { FromReader, ToReader } from "../control/policy/in-force/judge/protocol.ts";
import { giveWay } from "./give-way.ts";

/** Parts go one by one: what takes them has a turn for others in between. */
function send(answer: FromReader): void {
  if (answer.type !== "read") {
    process.send?.(answer);
    return;
  }
  for (const part of answer.parts) process.send?.({ type: "part", part });
  process.send?.({ ...answer, parts: [] });
}

const niceness = Number(process.argv[2]);
giveWay(niceness);
// Loaded at that priority, too; a thread that was starting meanwhile may have missed it.
const { createTextReader } = await import("../control/policy/in-force/judge/read-texts.ts");
giveWay(niceness);
const read = createTextReader();

process.on("message", (question: ToReader) => {
  try {
    send(read(question));
  } catch (thrown) {
    // The message may quote the text; its kind says enough.
    send({ type: "failed", message: thrown instanceof Error ? thrown.name : "unknown" });
  }
});
process.on("disconnect", () => process.exit(0));
