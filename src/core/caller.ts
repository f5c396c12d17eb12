/** Who is asking, once authenticated. Owns the shape; knows no key. */

/** Roles in rising order of power; a route asks for one, and a key that has a later one passes. */
export const ROLES = ["caller", "viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

export interface Caller {
  /** The key's public name; the key itself is nowhere. */
  readonly keyId: string;
  readonly tenant: string;
  readonly tier: string;
  readonly role: Role;
  /** Use cases this key may ask for; null: all. */
  readonly useCases: readonly string[] | null;
}

/** Whether a key with role `has` may use what asks for `needs`. */
export function roleSuffices(has: Role, needs: Role): boolean {
  return ROLES.indexOf(has) >= ROLES.indexOf(needs);
}
