import { columnName, operatorRole, ownTables, schemaName, tenantRole } from './names.ts';
import type { Query } from './setting.ts';

/** Any of the roles that the login is, or can become. */
const isReachable = `pg_has_role(session_user, r.oid, 'MEMBER')`;
const holders = (privileges: string) => `has_table_privilege(r.oid, c.oid, '${privileges}')`;

/** Each gives, as `problem`, what would let a session of this login out of its tenant. None of them has a meaning for a superuser. */
const questions: readonly string[] = [
  `select format('the login has the role %s, which has %s', rolname, what) as problem
   from pg_roles r cross join lateral (values (rolbypassrls, 'BYPASSRLS'), (rolcreaterole, 'CREATEROLE'), (rolreplication, 'REPLICATION'), (rolsuper, 'SUPERUSER')) a (has, what)
   where has and ${isReachable}`,
  `select format('the login has the role %s of PostgreSQL', rolname) as problem from pg_roles r where rolname ~ '^pg_' and ${isReachable}`,
  `select 'the login is no member of ${tenantRole}' as problem where not coalesce(pg_has_role(session_user, to_regrole('${tenantRole}'), 'USAGE'), false)`,
  `select 'the login is a member of ${operatorRole}, which sees all tenants' as problem where pg_has_role(session_user, to_regrole('${operatorRole}'), 'MEMBER')`,
  `select format('the login may create objects in the schema %I', nspname) as problem from pg_namespace n
   where nspname !~ '^pg_(temp|toast)' and has_schema_privilege(session_user, n.oid, 'CREATE')`,
  `select distinct format('the login owns %s, or can become its owner', c.oid::regclass) as problem from pg_class c join pg_roles r on r.oid = c.relowner
   where c.relkind in ('r', 'p', 'v', 'm') and ${isReachable} and (
     c.relnamespace = to_regnamespace('${schemaName}')
     or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = '${columnName}' and not a.attisdropped))`,
  `select distinct format('the login may touch %s of Stratum', c.oid::regclass) as problem from pg_class c, pg_roles r
   where c.relkind = 'r' and ${isReachable} and ${holders('SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')}
     and (c.relname = 'keys' and c.relnamespace = to_regnamespace('${schemaName}') or c.relname = any ('{${ownTables.join()}}')
       and c.relnamespace = (select relnamespace from pg_class where oid = to_regclass('tenants')))`,
  `select distinct format('the login has TRUNCATE, REFERENCES or TRIGGER on %s, which ask no policy', c.oid::regclass) as problem from pg_class c, pg_roles r
   where c.relkind in ('r', 'p') and ${isReachable} and ${holders('TRUNCATE, REFERENCES, TRIGGER')}
     and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'stratum_read')`,
];

/** What makes a login unfit to serve tenants, a sentence each. @param query Runs as that login. */
export async function loginProblems(query: Query): Promise<string[]> {
  const [login] = await query<{ isSuperuser: boolean }>(
    'select rolsuper as "isSuperuser" from pg_roles where rolname = session_user',
  );
  if (login?.isSuperuser !== false) {
    return ['the login is a superuser, who passes by every policy'];
  }
  const problems: string[] = [];
  for (const question of questions) {
    problems.push(...(await query<{ problem: string }>(question)).map(({ problem }) => problem));
  }
  return problems;
}
