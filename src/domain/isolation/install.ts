import { canaryOf, columnName, operatorRole, schemaName, scopes, settingName, tenantRole } from './names.ts';
import { protect } from './policies.ts';

/** HMAC-SHA-256 wants its key mixed with these, in blocks of 64 bytes. */
const [innerMask, outerMask] = [0x36, 0x5c];

/**
 * The statements that prepare a database for isolated tables; they can be repeated, and are to be run in one transaction by the owner of Stratum's tables.
 * @param tenants The table of tenants, as SQL names it.
 */
export function install(tenants: string): string[] {
  return [
    createRole(tenantRole),
    createRole(operatorRole),
    `create schema if not exists ${schemaName}`,
    `revoke all on schema ${schemaName} from public`,
    `grant usage on schema ${schemaName} to ${tenantRole}, ${operatorRole}`,
    createKeys,
    `revoke all on ${schemaName}.keys from public`,
    fillKeys,
    currentTenant,
    currentSubtree(tenants),
    ...['current_tenant', 'current_subtree'].flatMap((name) => [
      `revoke all on function ${schemaName}.${name}() from public`,
      `grant execute on function ${schemaName}.${name}() to ${tenantRole}, ${operatorRole}`,
    ]),
    ...scopes.flatMap((scope) => [
      `create table if not exists ${canaryOf(scope)} (${columnName} uuid not null default ${schemaName}.current_tenant())`,
      ...protect(canaryOf(scope), scope),
    ]),
  ];
}

/** Roles belong to the whole server: one may be there from another database, or be made at this moment. */
function createRole(name: string): string {
  return `do $$ begin
  if to_regrole('${name}') is null then create role ${name} nologin; end if;
exception when duplicate_object or unique_violation then null;
end $$`;
}

const createKeys = `create table if not exists ${schemaName}.keys (
  is_only boolean primary key default true check (is_only),
  key bytea not null,
  inner_pad bytea not null,
  outer_pad bytea not null
)`;

function padOf(mask: number): string {
  const byte = `case when place < length(key) then get_byte(key, place) else 0 end # ${mask}`;
  return `(select string_agg(set_byte('\\x00'::bytea, 0, ${byte}), ''::bytea order by place) from generate_series(0, 63) place)`;
}

/** `gen_random_uuid` draws from the same source as keys of TLS: 122 bits each time. */
const fillKeys = `insert into ${schemaName}.keys (key, inner_pad, outer_pad)
select key, ${padOf(innerMask)}, ${padOf(outerMask)}
from (select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as key) made
on conflict do nothing`;

/** Null without a setting: then there are no rows. A setting that doesn't hold is refused aloud. Hashed once more, so that how long the comparison takes tells nothing. */
const currentTenant = `create or replace function ${schemaName}.current_tenant() returns uuid
language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
declare
  given text[] := string_to_array(nullif(current_setting('${settingName}', true), ''), '.');
  expected bytea;
begin
  if given is null then
    return null;
  end if;
  select sha256(outer_pad || sha256(inner_pad || convert_to(given[1] || '.' || given[2], 'UTF8'))) into expected
    from ${schemaName}.keys;
  if expected is null or sha256(convert_to(given[3], 'UTF8')) is distinct from sha256(convert_to(encode(expected, 'hex'), 'UTF8')) then
    raise exception 'the setting ${settingName} was not made by the program that serves tenants' using errcode = '42501';
  end if;
  if to_timestamp(given[2]::bigint) < transaction_timestamp() then
    raise exception 'the setting ${settingName} has expired' using errcode = '42501';
  end if;
  return given[1]::uuid;
end $$`;

/** A tenant that the tree doesn't hold is alone. */
function currentSubtree(tenants: string): string {
  return `create or replace function ${schemaName}.current_subtree() returns uuid[]
language sql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(below.id), array[${schemaName}.current_tenant()])
  from ${tenants} own
  join ${tenants} below on below.path >= own.path and below.path < left(own.path, -1) || '0'
  where own.id = (select ${schemaName}.current_tenant())
$$`;
}
