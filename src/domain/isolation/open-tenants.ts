import { checkIsolation, UnsafeIsolationError } from './check.ts';
import { runOne, type TenantPool, withConnection } from './pool.ts';
import { enterStatement, type Query, readKey, settingOf } from './setting.ts';
import { type TenantConnection, tenantTransaction } from './tenant-transaction.ts';

/** The way to the rows of tenants. */
export interface Tenants {
  /** Runs `work` in a transaction of a tenant. */
  transaction<Result>(tenantId: string, work: (connection: TenantConnection) => Promise<Result>): Promise<Result>;
  /** Makes the running transaction of a connection one of a tenant. */
  enter(connection: EnteredConnection, tenantId: string): Promise<void>;
}

/** A connection of `pg`, or of what has the same `query`. */
export interface EnteredConnection {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/**
 * Opens it, when nothing is in the way.
 * @param owner Runs as the owner of Stratum's tables.
 * @param pool Connects as a login that serves tenants.
 * @throws {UnsafeIsolationError} When a session of that login could leave its tenant.
 */
export async function openTenants(owner: Query, pool: TenantPool): Promise<Tenants> {
  const key = await readKey(owner);
  const { problems } = await checked(pool, key);
  if (key === null || problems.length > 0) {
    throw new UnsafeIsolationError(problems);
  }
  return {
    transaction: (tenantId, work) => tenantTransaction(pool, () => settingOf(tenantId, key), work),
    enter: async (connection, tenantId) => {
      await connection.query(enterStatement, [settingOf(tenantId, key)]);
    },
  };
}

function checked(pool: TenantPool, key: Uint8Array | null): ReturnType<typeof checkIsolation> {
  return withConnection(pool, async (connection, isClean) => {
    const query: Query = async <Row>(text: string, values: readonly unknown[] = []) =>
      (await runOne<Row>(connection, text, values)).rows;
    const report = await checkIsolation(query, key);
    isClean();
    return report;
  });
}
