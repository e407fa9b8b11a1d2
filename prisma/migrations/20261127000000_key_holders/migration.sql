-- Who holds a key is asked with every request. Inside a function the statement is planned once for each connection, also through a pooler
-- that refuses prepared statements; planning its joins took four times as long as running them.

-- What a key may do: its role decides, where it has one. A role counts from its home down; a key that was moved out from under it, with its
-- tenant, may do nothing until somebody there says what.
create function effective_scopes(own scope[], role_id uuid, role_tenant bigint, role_scopes scope[], path text, role_path text)
returns text[] language sql immutable parallel safe as $$
  select (case when role_id is null then own when role_tenant is null or starts_with(path, role_path) then role_scopes else '{}' end)::text[]
$$;

create function key_holders(hashes bytea[])
returns table (
  hash bytea, id uuid, name text, scopes text[], expires_at timestamptz, rate_limit_max integer, rate_limit_window text,
  tenant_id uuid, path text, status tenant_status
) language plpgsql stable parallel safe as $$
begin
  return query
    select k.hash, k.id, k.name, effective_scopes(k.scopes, r.id, r.tenant_key, r.scopes, t.path, h.path), k.expires_at::timestamptz,
      k.rate_limit_max, k.rate_limit_window, t.id, t.path, t.status
    from api_keys k left join tenants t on t.key = k.tenant_key left join roles r on r.id = k.role_id left join tenants h on h.key = r.tenant_key
    where k.hash = any(hashes) and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
end
$$;
