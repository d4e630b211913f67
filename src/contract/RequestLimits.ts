/** How long and how often a request may be asked, with all defaults filled in. */
export interface RequestLimits {
  /** For the whole reply, in milliseconds; Infinity is without limit. */
  readonly timeoutMs: number;
  /** Between two emissions of the reply, in milliseconds; Infinity is without limit. */
  readonly idleTimeoutMs: number;
  /** How often it is asked in all, 1 or more. */
  readonly attempts: number;
}
