/** What the command line needs of the process it runs in; tests hand in their own. */
import type { CheckResult } from "../control/doctor/check-result.ts";
import type { DoctorOptions } from "../control/doctor/doctor-ports.ts";
import type { DrillGateway } from "../control/gameday/drill-target.ts";
import type { Clock } from "../core/clock.ts";
import type { QueueAddress } from "../store/job-queue/queue-address.ts";

export interface UpOptions {
  /** The policy file. */
  readonly policy: string;
  readonly environment: string | null;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Directory of records and the last good policy, or `:memory:`. */
  readonly data: string;
  /** Where jobs wait. */
  readonly queue: QueueAddress;
  /** Scenario of the simulator; null: the calm one, where the policy uses the simulator at all. */
  readonly scenario: string | null;
  /** Adds the demo key to the policy's keys. */
  readonly demo: boolean;
  /** Milliseconds in-flight requests get on shutdown. */
  readonly drainMs: number;
  /** Milliseconds between a signal, from which on `/readyz` says no, and the end of listening. */
  readonly graceMs: number;
  /** The greeting is one line of JSON. */
  readonly json: boolean;
}

export interface SimulateOptions {
  readonly scenario: string | null;
  readonly host: string;
  readonly port: number;
  /** The greeting is one line of JSON. */
  readonly json: boolean;
}

export interface DrillGatewayOptions {
  /** The policy file. */
  readonly policy: string;
  readonly environment: string | null;
  /** Text of the simulator's scenario. */
  readonly scenario: string;
}

export interface CliPorts {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly isTty: boolean;
  /** Characters that a line of the terminal takes; null: nobody says, as of a pipe or a file. */
  readonly columns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** Aborted by the first Ctrl-C: what follows a log ends then. Absent: the signal ends the process itself. */
  readonly signal?: AbortSignal;
  /** All of standard input as text; absent: read from the process. */
  stdin?(): Promise<string>;
  /** Resolve with the exit code; reject with `NotStarted`, or what a port that cannot be had throws. */
  up(options: UpOptions): Promise<number>;
  simulate(options: SimulateOptions): Promise<number>;
  /** The results of one deployment come together, as soon as they are known; resolves after the last one. */
  doctor(options: DoctorOptions, onResult: (result: CheckResult) => void): Promise<void>;
  /** A gateway on this machine for one drill; rejects where it does not start. */
  startDrillGateway(options: DrillGatewayOptions): Promise<DrillGateway>;
}
