/**
 * Whose work a row is. Gateways of several environments may share a store: each does what it was given itself, by its own
 * policy.
 */

/** A condition; its parameter is the gateway's environment, empty where it is of none. Rows of earlier releases are anybody's. */
export const IS_OWN = "ifnull(environment = ?, 1)";
