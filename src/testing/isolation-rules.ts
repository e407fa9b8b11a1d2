/** What is needed of a connection of `pg`. */
export interface Connection {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;
}

/** A transaction in which one tenant after the other is the one who asks. */
export interface Session {
  readonly a: string;
  readonly b: string;
  become(tenantId: string): Promise<unknown>;
  /** Runs SQL in which `$table` and `$column` stand for the table and the column that says whose a row is. */
  run(text: string, values?: readonly unknown[]): Promise<{ rows: unknown[]; count: number }>;
  insert(tenantId: string): Promise<{ count: number }>;
}

interface Rule {
  /** What is wrong when it doesn't hold. */
  readonly otherwise: string;
  /** Whether the database may just as well refuse the statement. */
  readonly mayBeRefused: boolean;
  holds(session: Session): Promise<boolean>;
}

const select = 'select to_jsonb(t) as row from $table t where $column = $1';

/** How many rows a tenant sees of its own, and what is in them. */
async function rowsOf({ become, run }: Session, tenantId: string): Promise<string> {
  await become(tenantId);
  const { rows } = await run(`${select} order by 1`, [tenantId]);
  return JSON.stringify(rows);
}

/** Whether the other tenant finds its rows as they were, whatever is done. It may not read a column: then only policies of the deed itself apply. */
async function untouched(session: Session, act: () => Promise<unknown>): Promise<boolean> {
  const { a, b, become } = session;
  const before = await rowsOf(session, b);
  await become(a);
  await act();
  return (await rowsOf(session, b)) === before;
}

/** What must hold for a session of tenant `a`. */
export const rules: readonly Rule[] = [
  {
    otherwise: 'the first tenant sees none of its own rows: it needs one to be asked for',
    mayBeRefused: false,
    holds: async ({ a, run }) => (await run(select, [a])).count > 0,
  },
  {
    otherwise: 'the second tenant sees none of its own rows: it needs one to be kept from the first',
    mayBeRefused: false,
    holds: async (session) => (await rowsOf(session, session.b)) !== '[]',
  },
  {
    otherwise: 'a tenant reads rows of another',
    mayBeRefused: true,
    holds: async ({ b, run }) => (await run(select, [b])).count === 0,
  },
  {
    otherwise: 'a tenant can not add rows of its own',
    mayBeRefused: false,
    holds: async ({ a, insert }) => (await insert(a)).count === 1,
  },
  {
    otherwise: 'a tenant adds rows to another',
    mayBeRefused: true,
    holds: async ({ b, insert }) => (await insert(b)).count === 0,
  },
  {
    otherwise: 'a tenant can not change its own rows',
    mayBeRefused: false,
    holds: async ({ a, run }) => (await run('update $table set $column = $1 where $column = $1', [a])).count > 0,
  },
  {
    otherwise: 'a tenant changes rows of another',
    mayBeRefused: true,
    holds: async (session) =>
      untouched(session, () =>
        session.run('update $table set $column = $1 where $column = $2', [session.a, session.b]),
      ),
  },
  {
    otherwise: 'a tenant takes rows of another by a change that names no tenant',
    mayBeRefused: true,
    holds: async (session) => untouched(session, () => session.run('update $table set $column = $1', [session.a])),
  },
  {
    otherwise: 'a tenant gives rows to another',
    mayBeRefused: true,
    holds: async (session) => untouched(session, () => session.run('update $table set $column = $1', [session.b])),
  },
  {
    otherwise: 'a tenant can not delete its own rows',
    mayBeRefused: false,
    holds: async ({ a, run }) => (await run('delete from $table where $column = $1', [a])).count > 0,
  },
  {
    otherwise: 'a tenant deletes rows of another',
    mayBeRefused: true,
    holds: async (session) =>
      untouched(session, () => session.run('delete from $table where $column = $1', [session.b])),
  },
  {
    otherwise: 'a tenant deletes rows of another by a deletion that names no tenant',
    mayBeRefused: true,
    holds: async (session) => untouched(session, () => session.run('delete from $table')),
  },
];
