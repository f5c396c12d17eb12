/** `pointsman init`: a policy to begin with. Owns its head and what to do next; the text is the example's. */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { DEFAULT_POLICY } from "../local-policy.ts";
import { EXAMPLE_POLICY } from "../packaged.ts";
import { fileErrorCode } from "../read-text.ts";

interface InitArguments {
  readonly force?: boolean;
}

/** The example's own reference to the schema is relative to its place in the package. */
const SCHEMA_REFERENCE = /^# yaml-language-server:.*\n/m;

const HEAD = `# yaml-language-server: $schema=http://127.0.0.1:8080/schema/policy.json
# Written by \`pointsman init\`. Editors complete and check it while the gateway runs; anywhere and any time,
# \`pointsman validate\` says what is wrong, with line, column and the fix.
`;

export function addInit(program: Command, context: CommandContext): void {
  const command = program
    .command("init")
    .description("write a commented policy to start from")
    .argument("[file]", "where to write it", DEFAULT_POLICY)
    .option("--force", "overwrite a file that is there");
  addExamples(command, [
    ["pointsman init", `write ${DEFAULT_POLICY} in this directory`],
    ["pointsman init config/gateway.yaml --force", "write it elsewhere, over what is there"],
  ]);
  command.action(async (file: string, options: InitArguments) =>
    context.end(await init(context, command, file, options)),
  );
}

async function init(
  context: CommandContext,
  command: Command,
  file: string,
  options: InitArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const example = await readFile(EXAMPLE_POLICY, "utf8");
  try {
    const flag = options.force === true ? "w" : "wx";
    await writeFile(resolve(context.ports.cwd, file), HEAD + example.replace(SCHEMA_REFERENCE, ""), { flag });
  } catch (thrown) {
    const { message, fix, exitCode } = explain(fileErrorCode(thrown), file);
    terminal.complain(message, fix);
    return exitCode;
  }
  const next = nextCommands(file);
  if (terminal.json) terminal.printJson({ file, next });
  else terminal.print(`Wrote ${file}. Next:\n${next.map((line) => `  ${line}`).join("\n")}`);
  return EXIT.success;
}

function explain(code: string, file: string): { message: string; fix: string; exitCode: number } {
  if (code === "EEXIST") {
    const fix = "Name another file, or overwrite it with --force.";
    return { message: `${file} is there already.`, fix, exitCode: EXIT.notRight };
  }
  const message = `${file} cannot be written (${code || "unknown reason"}).`;
  const fix = code === "ENOENT" ? "Make its directory first." : "Check the path and its permissions.";
  return { message, fix, exitCode: EXIT.usage };
}

function nextCommands(file: string): readonly string[] {
  const name = shellWord(file);
  const policy = file === DEFAULT_POLICY ? "" : ` --policy ${name}`;
  return [
    file === DEFAULT_POLICY ? "pointsman validate" : `pointsman validate ${name}`,
    `pointsman explain "Where is my parcel?" --use-case support-chat${policy}`,
    `pointsman up --demo --policy ${name}`,
  ];
}

/** As a POSIX shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
