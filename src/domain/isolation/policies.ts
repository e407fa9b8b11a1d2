import { columnName, type IsolationScope, operatorRole, schemaName, tenantRole } from './names.ts';

/** In a subquery, so that it is found out once for a statement, not once for a row. */
const isOwn = `${columnName} = (select ${schemaName}.current_tenant())`;
const isBelow = `${columnName} = any ((select ${schemaName}.current_subtree())::uuid[])`;

const policyNames = ['read', 'insert', 'update', 'delete', 'operator'].map((word) => `stratum_${word}`);

/**
 * The statements that put a table under row-level security; they are to be run in one transaction. What a tenant may change it must also
 * be able to read, so that no scope makes it write outside of itself.
 * @param table As SQL names it, in quotes where it needs them.
 */
export function protect(table: string, scope: IsolationScope): string[] {
  const [read, insert, update, remove, operator] = policyNames;
  const seen = scope === 'exact' ? isOwn : isBelow;
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    ...policyNames.map((name) => `drop policy if exists ${name} on ${table}`),
    `create policy ${read} on ${table} for select to ${tenantRole} using (${seen})`,
    `create policy ${insert} on ${table} for insert to ${tenantRole} with check (${isOwn})`,
    `create policy ${update} on ${table} for update to ${tenantRole} using (${isOwn}) with check (${isOwn})`,
    `create policy ${remove} on ${table} for delete to ${tenantRole} using (${isOwn})`,
    `create policy ${operator} on ${table} for all to ${operatorRole} using (true) with check (true)`,
    // None of these asks a policy.
    `revoke truncate, references, trigger on ${table} from public, ${tenantRole}`,
    `grant select, insert, update, delete on ${table} to ${tenantRole}, ${operatorRole}`,
  ];
}
