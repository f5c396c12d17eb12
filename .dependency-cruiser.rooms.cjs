/**
 * Rooms within a room: no circle of folders, so that each can be read before those that stand on it. A folder counts
 * with all that is in it, and without its tests and fakes, which may reach anywhere.
 */
const floors = require("./.dependency-cruiser.cjs");

/** Circles that are there: the rooms around the policy in force, the two dialects of Bedrock, verbs on rollouts. */
const known = [
  "^src/control/policy/(history|in-force|staging)",
  "^src/wires/bedrock-(converse|invoke)$",
  "^src/cli/commands/(policy|rollout)$",
];

module.exports = {
  forbidden: [
    {
      name: "rooms-in-no-circle",
      comment: "what both need belongs into a room below them, or into one of its own",
      severity: "error",
      scope: "folder",
      from: { pathNot: known.join("|") },
      to: { circular: true },
    },
  ],
  options: { ...floors.options, exclude: { path: "\\.test\\.ts$|/fake-[^/]*\\.ts$" } },
};
