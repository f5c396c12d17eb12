/** The floors: imports only go down. Tests may reach anywhere below the entry point. */
const floors = [
  ["core"],
  ["wires", "policy", "resilience"],
  ["providers", "store"],
  ["gateway", "control"],
  ["http", "cli"],
];

const upward = floors.flatMap((rooms, floor) =>
  rooms.map((room) => {
    const above = floors.slice(floor + 1).flat();
    const beside = rooms.filter((other) => other !== room);
    return {
      name: `${room}-imports-down`,
      comment: `floor ${floor}: ${room} may import its own room and the floors below it`,
      severity: "error",
      from: { path: `^src/${room}/`, pathNot: "\\.test\\.ts$" },
      to: { path: `^src/((${[...above, ...beside].join("|")})/|main(\\.ts$|/))` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...upward,
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "pure-floors-do-no-io",
      comment: "core, wires, policy and resilience neither read nor write: time, chance and bytes come in",
      severity: "error",
      from: { path: "^src/(core|wires|policy|resilience)/", pathNot: "\\.test\\.ts$|/fake-[^/]*\\.ts$" },
      to: { path: "^(node:)?(fs|net|http|https|child_process|worker_threads|os|dns)|^bun" },
    },
    {
      name: "fakes-serve-tests-alone",
      severity: "error",
      from: { pathNot: "\\.test\\.ts$|^test/|^src/.*/fake-" },
      to: { path: "/fake-[^/]*\\.ts$" },
    },
    {
      name: "what-is-shipped-knows-no-test",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^test/|\\.test\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    parser: "swc",
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".mjs", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import"],
    },
  },
};
