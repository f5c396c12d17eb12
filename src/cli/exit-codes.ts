/** What the command's end tells a script. Owns the numbers; they are part of the interface and stay. */

export const EXIT = {
  success: 0,
  /** The checked thing is not right: findings, a refusal to overwrite, nothing found. */
  notRight: 1,
  /** Unknown command or option, a value that does not fit, a file that is not there. */
  usage: 2,
  /** The gateway could not be reached, or refused the request. */
  gateway: 3,
  /** Nobody can tell now whether it is right: ask again later. */
  unknown: 4,
  internal: 70,
} as const;

/** For the help of the program. */
export const EXIT_CODE_HELP = `Exit codes:
  0   success
  1   the checked thing is not right: findings, a negative result
  2   wrong usage: an unknown command or option, a bad value, a file that cannot be read
  3   the gateway could not be reached, or refused the request
  4   nobody can tell now, such as whether all gateways serve one version
  70  internal error`;
