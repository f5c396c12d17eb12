/** The key of `up --demo`, known to everybody. Owns the constant; whether it is accepted is decided elsewhere. */

/**
 * Accepted by a gateway that was started with `--demo` and no `POINTSMAN_DEMO_KEY`. Public by intent: it
 * must never open a gateway that strangers can reach.
 */
export const DEMO_KEY = "pm_demo_0000000000000000";

/** What AWS SDKs take as access key id; the demo key is the secret access key. */
export const DEMO_ACCESS_KEY_ID = "POINTSMANDEMO";
