import pg from 'pg';
import type { Connection } from './database.ts';

/** Asks whether a database answers. */
export interface Probe {
  isAnswering(): Promise<boolean>;
  close(): Promise<void>;
}

const timeoutMs = 1_500;

/**
 * Asks over one connection of its own, so that a busy pool is not taken for a lost database, and asking doesn't take a connection from
 * those who work. Whoever asks while it is being asked shares the answer.
 */
export function openProbe(connection: Connection): Probe {
  const pool = new pg.Pool({
    ...connection,
    max: 1,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'stratum health',
  });
  pool.on('error', () => {});
  let asking: Promise<boolean> | null = null;
  const ask = async () => {
    try {
      await pool.query('select 1');
      return true;
    } catch {
      return false;
    } finally {
      asking = null;
    }
  };
  return {
    isAnswering: () => {
      asking ??= ask();
      return asking;
    },
    close: () => pool.end(),
  };
}
