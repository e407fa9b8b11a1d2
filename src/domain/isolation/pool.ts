/** The part of `pg` that is needed of a pool of the program around us. */
export interface TenantPool {
  connect(): Promise<PooledConnection>;
}

export interface PooledConnection {
  query(statement: Statement): Promise<unknown>;
  on(event: 'error', listener: () => void): unknown;
  off(event: 'error', listener: () => void): unknown;
  /** Gives it back; with `true` it is closed instead. */
  release(destroy?: boolean): void;
}

interface Statement {
  readonly text: string;
  readonly values?: unknown[];
  /** With `extended` a text holds one statement, with or without values: nothing can be hung on behind it. */
  readonly queryMode?: 'extended';
}

/** What came of a statement, in the words of `pg`. */
export interface TenantResult<Row = Record<string, unknown>> {
  readonly rows: Row[];
  /** How many rows it read or changed. */
  readonly rowCount: number | null;
  /** `SELECT`, `UPDATE`, … */
  readonly command: string;
}

/**
 * Lends a connection of the pool. It is closed afterwards unless `work` says that it is clean. One that breaks while nobody waits for it fails the next statement, not the
 * process.
 */
export async function withConnection<Result>(
  pool: TenantPool,
  work: (connection: PooledConnection, isClean: () => void) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.connect();
  let mustGo = true;
  connection.on('error', ignore);
  try {
    return await work(connection, () => {
      mustGo = false;
    });
  } finally {
    connection.off('error', ignore);
    connection.release(mustGo);
  }
}

function ignore(): void {}

/** Runs one statement. */
export async function runOne<Row>(
  connection: Pick<PooledConnection, 'query'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<TenantResult<Row>> {
  const result = await connection.query({ text, values: [...values], queryMode: 'extended' });
  return result as TenantResult<Row>; // which `pg` gives for one statement
}
