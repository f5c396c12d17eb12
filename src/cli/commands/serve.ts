/** What `up` and `simulate` share: a scenario checked before anything starts, and why a server would not start. */
import { resolve } from "node:path";
import { parseScenario } from "../../providers/simulator/scenario-file.ts";
import { complainOfFindings } from "../complain-of-findings.ts";
import { EXIT } from "../exit-codes.ts";
import { NotStarted, type NotStartedDetails } from "../not-started.ts";
import type { CliPorts } from "../ports.ts";
import { fileErrorCode, readText } from "../read-text.ts";
import type { Terminal } from "../terminal.ts";

/** Null when the scenario is fine; else the exit code, after saying why. */
export async function checkScenario(
  ports: CliPorts,
  terminal: Terminal,
  name: string,
): Promise<number | null> {
  const read = await readText(resolve(ports.cwd, name), name);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  const source = { file: name, text: read.text };
  const parsed = parseScenario(source);
  if (parsed.ok) return null;
  complainOfFindings(terminal, `${name} is not a valid scenario`, parsed.findings, [source]);
  return EXIT.notRight;
}

/** The exit code of `serve`, also where the port is taken or the setup is wrong. */
export async function serveAt(
  terminal: Terminal,
  place: { readonly host: string; readonly port: number },
  serve: () => Promise<number>,
): Promise<number> {
  try {
    return await serve();
  } catch (thrown) {
    if (thrown instanceof NotStarted) return complainOf(terminal, thrown.details);
    const { host, port } = place;
    const code = fileErrorCode(thrown);
    if (code === "EADDRINUSE") {
      const fix = "Stop what listens there, or choose another port with --port.";
      terminal.complain(`Port ${port} of ${host} is in use.`, fix);
      return EXIT.notRight;
    }
    if (code === "EADDRNOTAVAIL" || code === "EACCES") {
      const fix = "Choose an address of this machine with --host and a port above 1023 with --port.";
      terminal.complain(`This process may not listen on ${host}:${port} (${code}).`, fix);
      return EXIT.notRight;
    }
    if (code === "EINVAL" && isOfListening(thrown)) {
      const fix = "Choose an address of this machine with --host, such as 127.0.0.1 or 0.0.0.0.";
      terminal.complain(`${host} is no address that can be listened on.`, fix);
      return EXIT.usage;
    }
    throw thrown;
  }
}

function complainOf(terminal: Terminal, { message, fix, exitCode, refused }: NotStartedDetails): number {
  if (refused) complainOfFindings(terminal, message, refused.findings, refused.sources);
  else terminal.complain(message, fix);
  return exitCode;
}

function isOfListening(thrown: unknown): boolean {
  return thrown instanceof Error && "syscall" in thrown && thrown.syscall === "listen";
}
