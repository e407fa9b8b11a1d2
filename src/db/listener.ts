import pg from 'pg';
import type { Connection } from './database.ts';

/** Hears what is said on a channel, for as long as the process lives. */
export interface Listener {
  close(): Promise<void>;
}

export interface ListenerOptions {
  readonly connection: Connection;
  readonly channel: string;
  readonly onMessage: (payload: string) => void;
  /** Is told whenever listening has begun, or begun again: what was said before went unheard. */
  readonly onBegin: () => void;
}

const connectTimeoutMs = 5_000;
const [firstPauseMs, longestPauseMs] = [100, 5_000];

/**
 * Listens over a connection of its own and begins again when that breaks, however often. It never fails: who can't listen, as through a
 * pooler in transaction mode, hears nothing and has to look from time to time.
 */
export function openListener({ connection, channel, onMessage, onBegin }: ListenerOptions): Listener {
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let pauseMs = firstPauseMs;
  const connect = async (): Promise<void> => {
    const opened = new pg.Client({
      ...connection,
      application_name: 'stratum listener',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    });
    client = opened;
    const again = (): void => {
      if (client === opened && !closed) {
        client = null;
        timer = setTimeout(() => void connect(), pauseMs);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
      opened.end().catch(() => {});
    };
    opened.on('error', again);
    opened.on('end', again);
    opened.on('notification', ({ payload = '' }) => onMessage(payload));
    try {
      await opened.connect();
      await opened.query(`listen ${pg.escapeIdentifier(channel)}`);
      pauseMs = firstPauseMs;
      onBegin();
    } catch {
      again();
    }
  };
  void connect();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
