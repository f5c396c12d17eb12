/** What routing may know of a deployment's condition. Owns the port; resilience keeps the figures. */

export interface HealthView {
  /** Whether the circuit would admit a call now and no cooldown of its quota group runs. */
  healthy(deploymentId: string): boolean;
  /** Smoothed milliseconds to the first token; 0 before any was seen. */
  firstTokenMs(deploymentId: string): number;
  /** Calls under way. */
  inFlight(deploymentId: string): number;
}
