import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { createFakeBoard } from "../../store/shared-state/fake-board.ts";
import { listReplicas } from "./list-replicas.ts";
import { cardOf, type ReplicaCard } from "./replica-card.ts";

const card = (id: string, change: Partial<ReplicaCard> = {}): ReplicaCard => ({
  ...cardOf(
    {
      id,
      address: `http://${id}:8080`,
      startedAt: 1,
      digest: "d1",
      status: {
        version: "p@1",
        environment: null,
        activatedAt: 1,
        files: [],
        warnings: [],
        refused: null,
        source: {
          kind: "https",
          address: "",
          ok: true,
          lastOkAt: 5,
          lastError: null,
          failures: 0,
          revision: null,
        },
      },
    },
    2,
  ),
  ...change,
});

async function seen(...others: readonly ReplicaCard[]) {
  const board = createFakeBoard(new FakeClock());
  for (const other of others) await board.post(other.id, JSON.stringify(other), 5_000);
  return { board, list: (sees = true) => listReplicas(board, card("a"), sees) };
}

describe("the replicas", () => {
  test("one version everywhere has converged", async () => {
    const { list } = await seen(card("a"), card("b", { startedAt: 0 }));
    const found = await list();
    expect(found).toMatchObject({ knows: "shared", converged: true, versions: ["p@1"] });
    expect(found.replicas.map(({ id, self }) => [id, self])).toEqual([
      ["b", false],
      ["a", true],
    ]);
  });

  test.each([
    ["another version", { version: "p@2", digest: "d2" }],
    ["another digest under the same name", { digest: "d2" }],
    ["a share of another", { staging: { version: "p@2", share: 20, phase: "stepping", nextAt: null } }],
  ])("%s has not", async (_what, change) => {
    const { list } = await seen(card("b", change));
    expect(await list()).toMatchObject({ converged: false });
  });

  test("this one's card is as it is now, whatever the board still says", async () => {
    const { list } = await seen(card("a", { version: "p@0", digest: "d0" }));
    expect(await list()).toMatchObject({ converged: true, versions: ["p@1"] });
  });

  test("what is no card is passed over", async () => {
    const { board, list } = await seen();
    await board.post("x", "{", 5_000);
    await board.post("y", '{"id": "y"}', 5_000);
    expect((await list()).replicas).toHaveLength(1);
  });

  test("whose own card cannot be put up claims nothing of others, but that those it sees differ", async () => {
    const alone = await seen();
    expect(await alone.list(false)).toMatchObject({ knows: "unreachable", converged: null });
    const same = await seen(card("b"));
    expect(await same.list(false)).toMatchObject({ knows: "unreachable", converged: null });
    const other = await seen(card("b", { version: "p@2", digest: "d2" }));
    expect(await other.list(false)).toMatchObject({ knows: "unreachable", converged: false });
  });

  test("alone, or out of reach, it answers for itself and claims nothing of others", async () => {
    expect(await listReplicas(null, card("a"), false)).toMatchObject({ knows: "alone", converged: null });
    const { board, list } = await seen(card("b"));
    board.reachable = false;
    expect(await list()).toMatchObject({ knows: "unreachable", converged: null, replicas: [{ id: "a" }] });
  });
});
