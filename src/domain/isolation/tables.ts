import { canaryOf, columnName, type IsolationScope, ownTables, schemaName, scopes } from './names.ts';
import type { Query } from './setting.ts';

/** A table of the product, and how far it has come. */
export interface TableState {
  /** As SQL names it, with its schema, in quotes where it needs them. */
  readonly name: string;
  readonly kind: 'table' | 'partitioned' | 'other';
  /** Whether the login that asks may touch it. */
  readonly isReachable: boolean;
  /** Whether it has partitions or children, or is one: those are read past the policies of their parent. */
  readonly isInherited: boolean;
  /** The type of the column `tenant_id`; null when there is none. */
  readonly columnType: string | null;
  readonly hasDefault: boolean;
  readonly isNotNull: boolean;
  /** The constraint by which it becomes so: there while the work is going on. */
  readonly isChecked: boolean;
  readonly isIndexed: boolean;
  /** What a concurrent build that was stopped has left. */
  readonly brokenIndexes: readonly string[];
  /** The sequences that its columns draw from. */
  readonly sequences: readonly string[];
  /** Null as long as its policies aren't ours, all of ours, and ours alone. */
  readonly scope: IsolationScope | null;
}

/** Holds while a column is made not null: a constraint can be validated without a lock that keeps others out. */
export const checkName = 'stratum_tenant_id_not_null';

/** The policies that let somebody through, as text that can be compared. Restrictive ones only take away. */
const policiesOf = (table: string) => `(
  select jsonb_agg(jsonb_build_array(polname, polcmd, polroles::regrole[]::text, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) order by polname)
  from pg_policy where polrelid = ${table} and polpermissive)`;

const selectTables = `
  select format('%I.%I', n.nspname, c.relname) as name,
    case c.relkind when 'r' then 'table' when 'p' then 'partitioned' else 'other' end as kind,
    has_table_privilege(c.oid, 'DELETE') or has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE') as "isReachable",
    exists (select from pg_inherits where c.oid in (inhparent, inhrelid)) as "isInherited",
    a.atttypid::regtype::text as "columnType",
    coalesce(pg_get_expr(d.adbin, c.oid) = '${schemaName}.current_tenant()', false) as "hasDefault",
    coalesce(a.attnotnull, false) as "isNotNull",
    exists (select from pg_constraint where conrelid = c.oid and conname = '${checkName}') as "isChecked",
    exists (select from pg_index where indrelid = c.oid and indisvalid and indpred is null and indkey[0] = a.attnum) as "isIndexed",
    array(select indexrelid::regclass::text from pg_index
      where indrelid = c.oid and not indisvalid and indnatts = 1 and indkey[0] = a.attnum) as "brokenIndexes",
    array(select s.oid::regclass::text from pg_class s join pg_depend p on p.classid = 'pg_class'::regclass and p.objid = s.oid
      where s.relkind = 'S' and p.refclassid = 'pg_class'::regclass and p.refobjid = c.oid and p.deptype in ('a', 'i')) as sequences,
    case when not (c.relrowsecurity and c.relforcerowsecurity) then null
      ${scopes.map((scope) => `when ${policiesOf('c.oid')} = ${policiesOf(oidOf(canaryOf(scope)))} then '${scope}'`).join('\n      ')}
    end as scope
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_attribute a on a.attrelid = c.oid and a.attname = '${columnName}' and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum`;

/** For a login that may not enter the schema, which `to_regclass` refuses. */
function oidOf(table: string): string {
  const [schema, name] = table.split('.');
  return `(select oid from pg_class where relnamespace = to_regnamespace('${schema}') and relname = '${name}')`;
}

/** Neither of PostgreSQL nor of Stratum. Tables of the same name in another schema are the product's. */
const isOfProduct = `
  n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'graphile_worker', '${schemaName}')
  and not (n.oid = coalesce((select relnamespace from pg_class where oid = to_regclass('tenants')), 0)
    and c.relname = any ('{_prisma_migrations,${ownTables.join()}}'))`;

/** The tables of the product, by name. */
export function findTables(query: Query): Promise<TableState[]> {
  return query(`${selectTables} where c.relkind in ('r', 'p') and ${isOfProduct} order by 1`);
}

/**
 * @param name As SQL names it.
 * @throws When there is no such table, or it is none of the product's.
 */
export async function findTable(query: Query, name: string): Promise<TableState> {
  const [found] = await query<TableState>(`${selectTables} where c.oid = to_regclass($1) and ${isOfProduct}`, [name]);
  if (found === undefined) {
    throw new Error(`there is no table ${name} of yours`);
  }
  return found;
}
