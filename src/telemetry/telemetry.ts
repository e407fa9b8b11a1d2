import type { Database } from '../db/database.ts';
import { kindOf, operationOf } from '../db/statement-kind.ts';
import { Metrics } from './metrics.ts';
import { openTracing, type Tracing } from './tracing.ts';

/** What is measured and traced; null for what is off. */
export interface Telemetry {
  readonly metrics: Metrics | null;
  readonly tracing: Tracing | null;
}

export interface TelemetryOptions {
  readonly database: Database;
  /** Whether anything is counted. */
  readonly metrics: boolean;
  /** What spans say they come from. */
  readonly version: string;
}

/** Begins to measure and to trace what is wanted. What is off is not even asked whether it is. */
export function openTelemetry({ database, metrics: isWanted, version }: TelemetryOptions): Telemetry {
  const metrics = isWanted ? new Metrics() : null;
  const tracing = openTracing(version);
  if (metrics !== null) {
    measureDatabase(database, metrics);
  }
  if (tracing !== null) {
    traceStatements(database, tracing);
  }
  return { metrics, tracing };
}

function measureDatabase(database: Database, metrics: Metrics): void {
  database.observe((text) => {
    const kind = kindOf(operationOf(text));
    const sentAt = performance.now();
    return () => metrics.statement(kind, (performance.now() - sentAt) / 1000);
  });
  const collect = () =>
    Object.entries(database.connections()).flatMap(([pool, states]) =>
      Object.entries(states).map(([state, value]) => ({ labels: { pool, state }, value })),
    );
  metrics.gauge('stratum_pool_connections', 'Database connections, and who waits for one.', collect, ['pool', 'state']);
}

/** Only what belongs to something that is traced: what runs by the clock would be a trace of one statement, over and over. */
function traceStatements(database: Database, tracing: Tracing): void {
  database.observe((text) => {
    if (!tracing.isUnderWay()) {
      return undefined;
    }
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operationOf(text) };
    const span = tracing.span({ name: 'db.statement', kind: 'client', attributes });
    return (error) => {
      const code = error === undefined ? undefined : sqlStateOf(error);
      span.end(code && code !== other ? { 'db.response.status_code': code } : undefined, code);
    };
  });
}

/** What the conventions call an error without a name. */
const other = '_OTHER';

/** PostgreSQL's five letters, or nothing: the text of an error may speak of values. */
function sqlStateOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : other;
}
