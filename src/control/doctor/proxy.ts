/** Whether calls go through a proxy that the environment names. Owns the reading of those variables. */

type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the proxy of `url`; null where calls go straight. */
export function proxyVariable(url: URL, environment: Environment): string | null {
  const scheme = url.protocol === "https:" ? "https" : "http";
  const name = [`${scheme}_proxy`, `${scheme.toUpperCase()}_PROXY`].find((each) => environment[each]);
  if (name === undefined) return null;
  const exceptions = environment.no_proxy || environment.NO_PROXY || "";
  return exceptions.split(",").some((entry) => spares(entry.trim(), url)) ? null : name;
}

/** `*`, a name, a domain with or without its leading dot, each perhaps with a port. */
function spares(entry: string, { hostname, host }: URL): boolean {
  if (entry === "*") return true;
  const name = entry.replace(/^\./, "");
  if (name === "") return false;
  const asked = name.includes(":") ? host : hostname;
  return asked === name || asked.endsWith(`.${name}`);
}
