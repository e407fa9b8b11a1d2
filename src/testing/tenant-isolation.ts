import { type Connection, rules, type Session } from './isolation-rules.ts';

/** The part of a pool of `pg` that is needed. */
export interface Pool {
  connect(): Promise<Connection & { release(): void }>;
}

export interface IsolationOptions {
  /** Makes the running transaction one of this tenant, the way the application does it. */
  readonly setTenant: (connection: Connection, tenantId: string) => Promise<unknown>;
  /** A new row of a tenant, by its columns. */
  readonly row: (tenantId: string) => Readonly<Record<string, unknown>>;
  /** The column that says whose a row is: `tenant_id` unless told. */
  readonly column?: string;
}

/** A tenant can do what it must not, or can't do what it must; `problems` has a sentence for each. */
export class IsolationError extends Error {
  override readonly name = 'IsolationError';
  readonly problems: readonly string[];

  constructor(table: string, problems: readonly string[]) {
    super(`Tenants are not kept apart in ${table}:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * Asserts that a session of tenant `a` can read, add, change and delete its own rows in a table of yours, and none of those of `b`: neither by asking for them nor
 * by statements that name no tenant, nor by giving rows away or taking them. Both must have a row already. Everything is rolled back.
 * @param pool Connects as the application does: the owner of a table and superusers pass by its policies.
 * @param table As SQL names it, in quotes where it needs them.
 * @throws {IsolationError} With everything that is wrong.
 */
export async function assertTenantIsolation(
  pool: Pool,
  table: string,
  a: string,
  b: string,
  options: IsolationOptions,
): Promise<void> {
  const connection = await pool.connect();
  try {
    await connection.query('begin');
    const session = sessionOf(connection, { table, a, b, ...options });
    const problems: string[] = [];
    for (const rule of rules) {
      problems.push(...(await broken(rule, session)));
    }
    if (problems.length > 0) {
      throw new IsolationError(table, [...(await warningOf(connection)), ...problems]);
    }
  } finally {
    await connection.query('rollback').finally(() => connection.release());
  }
}

/** What is wrong by one rule, which leaves nothing behind. */
async function broken(rule: (typeof rules)[number], session: Session): Promise<string[]> {
  await session.run('savepoint rule');
  try {
    await session.become(session.a);
    return (await rule.holds(session)) ? [] : [rule.otherwise];
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === insufficientPrivilege && rule.mayBeRefused ? [] : [`${rule.otherwise}: ${message}`];
  } finally {
    await session.run('rollback to savepoint rule');
  }
}

/** What PostgreSQL answers when a policy or a grant forbids a statement. */
const insufficientPrivilege = '42501';

function sessionOf(
  connection: Connection,
  {
    table,
    a,
    b,
    setTenant,
    row,
    column = 'tenant_id',
  }: IsolationOptions & Pick<Session, 'a' | 'b'> & { table: string },
): Session {
  const run: Session['run'] = async (text, values = []) => {
    const statement = text.replaceAll('$table', () => table).replaceAll('$column', () => quoted(column));
    const { rows, rowCount } = await connection.query(statement, [...values]);
    return { rows, count: rowCount ?? 0 };
  };
  const insert: Session['insert'] = (tenantId) => {
    const fields = Object.entries(row(tenantId));
    const names = fields.map(([name]) => quoted(name)).join(', ');
    const places = fields.map((_, index) => `$${index + 1}`).join(', ');
    return run(
      `insert into $table (${names}) values (${places})`,
      fields.map(([, value]) => value),
    );
  };
  return { a, b, run, insert, become: (tenantId) => setTenant(connection, tenantId) };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Superusers and the like are bound by no policy: then everything is wrong for one reason. */
async function warningOf(connection: Connection): Promise<string[]> {
  const { rowCount } = await connection.query(
    'select 1 from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)',
  );
  return rowCount === 0
    ? []
    : ['the pool connects as a role that passes by every policy: connect as the application does'];
}
