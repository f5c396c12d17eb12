/** A host and its port as they stand in an address: `127.0.0.1:8080`, `[::1]:8080`. */
export function authorityOf(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
