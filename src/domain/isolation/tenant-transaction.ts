import { type PooledConnection, runOne, type TenantPool, type TenantResult, withConnection } from './pool.ts';
import { enterStatement } from './setting.ts';

/** The rows of one tenant. */
export interface TenantConnection {
  /**
   * Runs one statement. What goes wrong is the error of `pg`.
   * @param values For the places `$1`, `$2`, … of the text.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<TenantResult<Row>>;
  /** Runs statements of which all stay or none; within a transaction, a part of it that can fail alone. */
  transaction<Result>(work: (connection: TenantConnection) => Promise<Result>): Promise<Result>;
}

/**
 * Everything a session can leave behind for the next one: cursors, roles, settings, prepared statements, listeners, locks, temporary tables. Goes
 * with the end of the transaction in one message, so that a pooler in between can't part them.
 */
const cleaning = [
  'close all',
  'set session authorization default',
  'reset role',
  'reset all',
  'deallocate all',
  'unlisten *',
  'select pg_advisory_unlock_all()',
  'discard temp',
  'discard sequences',
].join('; ');

/** Runs `work` in a transaction of the tenant that the setting names. The connection goes back clean, or not at all. */
export async function tenantTransaction<Result>(
  pool: TenantPool,
  setting: () => string,
  work: (connection: TenantConnection) => Promise<Result>,
): Promise<Result> {
  return withConnection(pool, async (connection, isClean) => {
    let hasEnded = false;
    const end = async (how: 'commit' | 'rollback'): Promise<string | undefined> => {
      const results = await connection.query({ text: `${how}; ${cleaning}` });
      isClean();
      hasEnded = true;
      return Array.isArray(results) ? results[0]?.command : undefined;
    };
    try {
      await runOne(connection, 'begin');
      await runOne(connection, enterStatement, [setting()]);
      const result = await lend(connection, work);
      if ((await end('commit')) !== 'COMMIT') {
        throw new Error('the transaction was undone, because a statement in it had failed');
      }
      return result;
    } catch (error) {
      if (!hasEnded) {
        await end('rollback').catch(() => {}); // the error that led here says more
      }
      throw error;
    }
  });
}

/**
 * Lends a connection to `work`, and takes it back when that has ended: by then it may be another tenant's. Nothing is sent by a loan that has ended, nor
 * by one within it.
 */
async function lend<Result>(
  connection: PooledConnection,
  work: (connection: TenantConnection) => Promise<Result>,
  isLent = () => true,
): Promise<Result> {
  let state: 'open' | 'nested' | 'ended' = 'open';
  const isOpen = () => state !== 'ended' && isLent();
  const assertOpen = (): void => {
    if (!isOpen() || state === 'nested') {
      const why = isOpen() ? 'a transaction within it is running: use the connection of that' : 'it has ended';
      throw new Error(`this transaction takes no statement: ${why}`);
    }
  };
  try {
    return await work({
      query: async (text, values) => {
        assertOpen();
        return runOne(connection, text, values);
      },
      transaction: async (inner) => {
        assertOpen();
        state = 'nested';
        try {
          return await savepoint(connection, inner, isOpen);
        } finally {
          state = isOpen() ? 'open' : 'ended';
        }
      },
    });
  } finally {
    state = 'ended';
  }
}

async function savepoint<Result>(
  connection: PooledConnection,
  work: (connection: TenantConnection) => Promise<Result>,
  isLent: () => boolean,
): Promise<Result> {
  const run = async (text: string): Promise<void> => {
    if (!isLent()) {
      throw new Error('the transaction around this one has ended');
    }
    await runOne(connection, text);
  };
  await run('savepoint nested');
  try {
    const result = await lend(connection, work, isLent);
    await run('release savepoint nested');
    return result;
  } catch (error) {
    await run('rollback to savepoint nested').catch(() => {}); // then the whole transaction fails
    throw error;
  }
}
