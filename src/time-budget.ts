/** How long the parts of a request may take, so that each gives up before the whole does, and says what was wrong. */
export interface TimeBudget {
  /** Waiting for a connection. */
  readonly connectTimeoutMs: number;
  /** One statement, waiting for locks included. */
  readonly statementTimeoutMs: number;
  /** A write transaction. */
  readonly transactionTimeoutMs: number;
}

/** Divides the time a request has. */
export function timeBudget(requestTimeoutMs: number): TimeBudget {
  return {
    connectTimeoutMs: Math.ceil(requestTimeoutMs * 0.5),
    statementTimeoutMs: Math.ceil(requestTimeoutMs * 0.8),
    transactionTimeoutMs: Math.ceil(requestTimeoutMs * 0.9),
  };
}
