import type { Database } from '../../db/database.ts';
import { Prisma } from '../../db/generated/prisma/client.ts';

/** Remembers when keys were used, and writes it down now and then: not once for each request. */
export interface KeyUsage {
  note(id: string): void;
  /** Writes down what was noted so far. */
  flush(): Promise<void>;
  /** The same for the last time. */
  close(): Promise<void>;
}

/** What a process that is killed knew of this long is lost. */
const flushEveryMs = 60_000;

export function createKeyUsage(database: Database, onFailure: (error: unknown) => void): KeyUsage {
  let noted = new Map<string, Date>();
  const flush = async (): Promise<void> => {
    if (noted.size === 0) {
      return;
    }
    const writing = noted;
    noted = new Map();
    try {
      await write(database, writing);
    } catch (error) {
      noted = new Map([...writing, ...noted]); // later uses win
      onFailure(error);
    }
  };
  const timer = setInterval(() => void flush(), flushEveryMs).unref();
  return {
    note: (id) => void noted.set(id, new Date()),
    flush,
    close: () => {
      clearInterval(timer);
      return flush();
    },
  };
}

/** In order of ids, so that two processes never wait for each other in a circle. */
async function write(database: Database, used: ReadonlyMap<string, Date>): Promise<void> {
  const rows = [...used].sort(([a], [b]) => (a < b ? -1 : 1));
  await database.query(Prisma.sql`
    with used as (
      select k.id, u.at from unnest(${rows.map(([id]) => id)}::uuid[], ${rows.map(([, at]) => at)}::timestamptz[]) as u(id, at)
        join api_keys k on k.id = u.id where k.last_used_at is null or k.last_used_at < u.at order by k.id for update of k)
    update api_keys set last_used_at = used.at from used where api_keys.id = used.id`);
}
