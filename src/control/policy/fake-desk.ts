/** A desk with a policy in force and everything it writes at hand, over a store that forgets. */
import { FakeClock } from "../../core/fake-clock.ts";
import { createIds } from "../../core/ids.ts";
import { BASE_POLICY, FAKE_PORTS } from "../../policy/fake-policy.ts";
import type { PolicyText } from "../../policy/reading/load.ts";
import type { AuditRecord } from "../../store/audit-store.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { PolicyHeadStore } from "../../store/policy-heads.ts";
import type { Store } from "../../store/ports.ts";
import type { Overlay } from "./in-force/in-force.ts";
import type { PolicyControl, PolicyPorts, RecordKind } from "./in-force/policy-control.ts";
import { createPolicyControl } from "./in-force/policy-keeper.ts";
import type { Pin } from "./kept-policies.ts";
import type { PolicyDesk } from "./policy-desk.ts";
import type { SourceStatus } from "./sources/source.ts";
import { type KeptStaging, ownPlace, storePlace } from "./staging/staging-place.ts";
import { storedPolicy } from "./stored-policy.ts";

/** `chat` gets `attempts`: a version of its own for each number. */
export function policyWith(attempts: number): string {
  return BASE_POLICY.replace(
    "    max_output_tokens: 40",
    `    max_attempts: ${attempts}\n    max_output_tokens: 40`,
  );
}

export function inFile(text: string): readonly PolicyText[] {
  return [{ file: "policy.yaml", text }];
}

export interface FakeDesk {
  readonly desk: PolicyDesk;
  readonly control: PolicyControl;
  readonly clock: FakeClock;
  readonly audited: AuditRecord[];
  /** Written down last; undefined: nothing yet. */
  readonly disk: { lastGood?: readonly PolicyText[]; pin?: Pin | null; staging?: KeptStaging | null };
  readonly activated: string[];
  /** Records that could not be kept, and what was thrown, as they were told. */
  readonly failures: (readonly [what: RecordKind, thrown: unknown])[];
  /** Versions that take over by steps, and their shares, as they were told. */
  readonly staged: (readonly [version: string | null, share: number])[];
  readonly store: Store;
  /** Apart from those beside it, so that no two records have one id. */
  readonly nth: number;
  /** Takes in what the store has now, as a look at it does. */
  look(): Promise<void>;
  /** Makes the records fail while it is true. */
  broken: boolean;
  /** After each change of `disk`. */
  onKept: () => void;
}

interface FakeDeskOptions {
  /** The policy lives in the store. */
  readonly store?: boolean;
  readonly environment?: string;
  readonly overlay?: Overlay;
  readonly onActivated?: PolicyPorts["onActivated"];
  readonly clock?: FakeClock;
  /** Another gateway, whose store and clock are this one's, too. */
  readonly beside?: Pick<FakeDesk, "store" | "clock" | "nth">;
  /** In place of the store's own. */
  readonly heads?: PolicyHeadStore;
  /** What an earlier process has left. */
  readonly pin?: Pin;
}

export function fakeDesk(options: FakeDeskOptions = {}): FakeDesk {
  const { environment = null, pin = null } = options;
  const clock = options.beside?.clock ?? options.clock ?? new FakeClock();
  const store = options.beside?.store ?? createMemoryStore();
  const heads = options.heads ?? store.policyHeads;
  const nth = (options.beside?.nth ?? 0) + 1;
  const stored = options.store ? storedPolicy(heads, clock) : null;
  const audited: AuditRecord[] = [];
  const disk: FakeDesk["disk"] = {};
  const activated: string[] = [];
  const failures: [RecordKind, unknown][] = [];
  const staged: [string | null, number][] = [];
  const state = { broken: false, onKept: () => {} };
  const source: SourceStatus = {
    kind: options.store ? "store" : "file",
    address: options.store ? "store:" : "policy.yaml",
    ok: true,
    lastOkAt: clock.now(),
    lastError: null,
    failures: 0,
    revision: null,
  };
  const failing = async () => {
    if (state.broken) throw new Error("The disk is full.");
  };
  const ports: PolicyPorts = {
    clock,
    ids: createIds(clock, () => nth / 10),
    activations: {
      ...store.activations,
      async record(activation, texts) {
        await failing();
        await store.activations.record(activation, texts);
      },
    },
    compile: { ...FAKE_PORTS, environment },
    extraKeys: [],
    ...(options.overlay && { overlay: options.overlay }),
    async saveLastGood(sources) {
      await failing();
      disk.lastGood = sources;
      state.onKept();
    },
    async savePin(pin) {
      await failing();
      disk.pin = pin;
      state.onKept();
    },
    audit: async (record) => void audited.push(record),
    sourceStatus: () => source,
    onActivated(snapshot, previousVersion, via) {
      activated.push(snapshot.version);
      options.onActivated?.(snapshot, previousVersion, via);
    },
    ...(stored && { stored }),
    stagingPlace: stored
      ? storePlace(stored, environment)
      : ownPlace(async (kept) => {
          await failing();
          disk.staging = kept;
          state.onKept();
        }, clock),
    onStaged: (newer, share) => void staged.push([newer?.version ?? null, share]),
    onRefused: () => {},
    onRecordFailed: (what, thrown) => void failures.push([what, thrown]),
  };
  const control = createPolicyControl(ports, pin);
  const desk: PolicyDesk = {
    control,
    activations: control.history,
    heads: options.store ? heads : null,
    environment,
    clock,
    sourceStatus: () => source,
  };
  const look = async () => {
    const head = await heads.read(0);
    if (head) await control.follow(head);
  };
  return Object.assign(state, {
    desk,
    control,
    clock,
    audited,
    disk,
    activated,
    failures,
    staged,
    store,
    nth,
    look,
  });
}
