import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What came of sending one webhook: it arrived, it will be tried again, or it was given up. */
export type DeliveryOutcome = 'success' | 'retry' | 'dead';

/** One answered request. Every label must come from a list that callers can't make longer. */
export interface AnsweredRequest {
  readonly door: 'graphql' | 'rest' | 'other';
  /** The method and pattern of a route, or the name of an operation. */
  readonly operation: string;
  /** The HTTP status, or for GraphQL `ok` or the code of the first error. */
  readonly code: string;
  readonly seconds: number;
}

/** A number that is asked for when somebody reads the metrics: one, or one for each combination of labels. */
export type Collect = () => Measured | Promise<Measured>;
export type Measured =
  | number
  | readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];

const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const requestBuckets = [...fast, 10];
const deliveryBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What an installation counts, in a registry of its own, so that a host may have others. Made only when metrics are on. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'door' | 'operation' | 'code'>;
  readonly #requestDurations: Histogram<'door' | 'operation'>;
  readonly #statements: Counter<'kind'>;
  readonly #statementDurations: Histogram<'kind'>;
  readonly #deliveries: Counter<'outcome'>;
  readonly #deliveryDurations: Histogram<'outcome'>;
  readonly #rateLimited: Counter<'by'>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
      new Counter({ name, help, labelNames, registers: [this.#registry] });
    const histogram = <Label extends string>(
      name: string,
      help: string,
      labelNames: readonly Label[],
      buckets: number[],
    ) => new Histogram({ name, help, labelNames, buckets, registers: [this.#registry] });

    this.#requests = counter('stratum_requests_total', 'Requests that were answered.', ['door', 'operation', 'code']);
    this.#requestDurations = histogram(
      'stratum_request_duration_seconds',
      'Time until the answer to a request began.',
      ['door', 'operation'],
      requestBuckets,
    );
    this.#statements = counter('stratum_statements_total', 'SQL statements that were sent.', ['kind']);
    this.#statementDurations = histogram(
      'stratum_statement_duration_seconds',
      'Time until the answer to an SQL statement was there.',
      ['kind'],
      fast,
    );
    this.#deliveries = counter('stratum_deliveries_total', 'Attempts to deliver a webhook.', ['outcome']);
    this.#deliveryDurations = histogram(
      'stratum_delivery_duration_seconds',
      'Time that an attempt to deliver a webhook took.',
      ['outcome'],
      deliveryBuckets,
    );
    this.#rateLimited = counter('stratum_rate_limited_total', 'Requests refused for being too many.', ['by']);
    this.#startAtZero();
  }

  /** What has a few known labels is there from the start: a rate needs a number to rise from. */
  #startAtZero(): void {
    for (const kind of ['read', 'write', 'other']) {
      this.#statements.inc({ kind }, 0);
    }
    for (const outcome of ['success', 'retry', 'dead']) {
      this.#deliveries.inc({ outcome }, 0);
    }
    for (const by of ['caller', 'address']) {
      this.#rateLimited.inc({ by }, 0);
    }
  }

  request({ door, operation, code, seconds }: AnsweredRequest): void {
    this.#requests.inc({ door, operation, code });
    this.#requestDurations.observe({ door, operation }, seconds);
  }

  statement(kind: 'read' | 'write' | 'other', seconds: number): void {
    this.#statements.inc({ kind });
    this.#statementDurations.observe({ kind }, seconds);
  }

  /** For whoever sends webhooks: one call for each attempt. */
  delivery(outcome: DeliveryOutcome, seconds: number): void {
    this.#deliveries.inc({ outcome });
    this.#deliveryDurations.observe({ outcome }, seconds);
  }

  rateLimited(by: 'caller' | 'address'): void {
    this.#rateLimited.inc({ by });
  }

  /**
   * Adds a number that its owner knows and nobody has to keep: it is asked for when the metrics are read.
   * @param labelNames The labels that `collect` gives; none when it gives one number.
   */
  gauge(name: string, help: string, collect: Collect, labelNames: readonly string[] = []): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        const measured = await collect();
        this.reset();
        for (const { labels, value } of typeof measured === 'number' ? [{ labels: {}, value: measured }] : measured) {
          this.set(labels, value);
        }
      },
    });
  }

  /** Everything, as Prometheus reads it, and what kind of text that is. */
  async read(): Promise<{ readonly text: string; readonly type: string }> {
    return { text: await this.#registry.metrics(), type: this.#registry.contentType };
  }
}
