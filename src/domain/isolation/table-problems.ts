import { columnName, schemaName } from './names.ts';
import type { Query } from './setting.ts';
import { findTables, type TableState } from './tables.ts';

export interface TableFindings {
  /** The tables that keep tenants apart. */
  readonly isolated: readonly TableState[];
  /** Ways in which rows of one tenant get to another, a sentence each. */
  readonly problems: readonly string[];
  /** What tells one tenant a little of others, or has to be looked at by a person. */
  readonly warnings: readonly string[];
}

/** Views, and views of views, that read an isolated table in the name of their owner; what is materialized has no policies. */
const openViews = `
  with recursive readers as (
    select w.ev_class as view from pg_policy p
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = p.polrelid and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite w on w.oid = d.objid where p.polname = 'stratum_read'
    union
    select w.ev_class from readers
      join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = view and d.classid = 'pg_rewrite'::regclass
      join pg_rewrite w on w.oid = d.objid
  )
  select format('the view %s reads isolated tables as its owner: make it security_invoker', c.oid::regclass) as line
  from readers join pg_class c on c.oid = view
  where has_table_privilege(session_user, c.oid, 'SELECT, INSERT, UPDATE, DELETE') and (c.relkind = 'm' or not exists (
    select from pg_options_to_table(c.reloptions) where option_name = 'security_invoker' and option_value::boolean))`;

const strangeFunctions = `
  select format('the function %s runs as its owner: see that it gives a tenant nothing of others', p.oid::regprocedure) as line from pg_proc p
  where p.prosecdef and p.pronamespace <> to_regnamespace('${schemaName}') and has_function_privilege(session_user, p.oid, 'EXECUTE')
    and p.pronamespace::regnamespace::text !~ '^(pg_|information_schema)'`;

/** Neither uniqueness nor references ask a policy, so they answer whether something is there. */
const oracles = `
  select format('%s of %s is checked across tenants: with ${columnName} in it, it tells nothing of others', conname, conrelid::regclass) as line
  from pg_constraint k
  where exists (select from pg_policy p where p.polrelid = k.conrelid and p.polname = 'stratum_read')
    and not (k.conkey @> array[(select attnum from pg_attribute where attrelid = k.conrelid and attname = '${columnName}')])
    and (k.contype = 'f' and exists (select from pg_policy p where p.polrelid = k.confrelid and p.polname = 'stratum_read')
      or k.contype = 'u'
      or k.contype = 'p' and exists (select from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.atttypid <> 'uuid'::regtype and a.attidentity = ''
        and not exists (select from pg_attrdef d where d.adrelid = a.attrelid and d.adnum = a.attnum)))
  order by 1`;

/** @param query Runs as the login that serves tenants. */
export async function tableProblems(query: Query): Promise<TableFindings> {
  const linesOf = async (question: string) => (await query<{ line: string }>(question)).map(({ line }) => line);
  const tables = await findTables(query);
  const isolated = tables.filter(({ scope, isReachable }) => scope !== null && isReachable);
  return {
    isolated,
    problems: [...tables.flatMap(problemsOf), ...(await linesOf(openViews))],
    warnings: [...(await linesOf(strangeFunctions)), ...(await linesOf(oracles))],
  };
}

function problemsOf({ name, scope, columnType, isNotNull, isInherited, isReachable }: TableState): string[] {
  if (columnType === null || !isReachable) {
    return []; // shared by all, or not this login's, such as one that is being isolated
  }
  if (scope === null) {
    return [
      `${name} has a column ${columnName}, but not the policies that go with it: run "stratum isolate add ${name}"`,
    ];
  }
  return [
    ...(isNotNull ? [] : [`${name} may have rows that are nobody's`]),
    ...(isInherited ? [`${name} has children or partitions, which are read past its policies`] : []),
  ];
}
