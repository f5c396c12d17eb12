/**
 * The process that holds answers to schemas: the entry point that `schema-checker.ts` starts. Says that it is ready,
 * then answers each question once, in order, and ends with whoever started it. Its argument is its niceness.
 */
import { type Judgement, judgeBySchema } from "../gateway/format/judge-schema.ts";
import { giveWay } from "./give-way.ts";
import type { SchemaQuestion } from "./schema-checker.ts";

/** Milliseconds. */
const LOOK_EVERY = 1_000;

giveWay(Number(process.argv[2]));
watchFromBeside();

process.on("message", (question: SchemaQuestion) => process.send?.(answerTo(question)));
process.on("disconnect", () => process.exit(0));
process.send?.("ready");

/** An expression that does not come to an end hears of nothing: a thread sees to it that it outlives no gateway. */
function watchFromBeside(): void {
  const look = `if (process.ppid !== ${process.ppid}) process.kill(${process.pid}, "SIGKILL");`;
  const source = new Blob([`setInterval(() => { ${look} }, ${LOOK_EVERY});`]);
  new Worker(URL.createObjectURL(source), { smol: true }).unref();
}

function answerTo({ schema, choices }: SchemaQuestion): readonly Judgement[] | null {
  try {
    const values = choices.map((texts) => texts.map((text): unknown => JSON.parse(text)));
    return judgeBySchema(JSON.parse(schema), values);
  } catch {
    return null;
  }
}
