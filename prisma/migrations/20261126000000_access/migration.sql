-- API keys and roles. A row without a tenant belongs to the whole installation.

create type scope as enum ('read', 'write', 'admin');

create table roles (
  id uuid primary key,
  tenant_key bigint,
  root_id uuid,
  name text not null check (char_length(name) between 1 and 100),
  description text check (char_length(description) <= 500),
  scopes scope[] not null,
  created_at timestamptz(3) not null default current_timestamp,
  updated_at timestamptz(3) not null default current_timestamp,
  check ((tenant_key is null) = (root_id is null)),
  constraint roles_tenant_key_root_id_fkey foreign key (tenant_key, root_id) references tenants (key, root_id) on delete restrict on update cascade
);
create unique index role_name on roles (tenant_key, name) nulls not distinct;

create table api_keys (
  id uuid primary key,
  tenant_key bigint,
  root_id uuid,
  name text check (char_length(name) between 1 and 255),
  -- How the key begins, which says where it may be used: sk_live_ or sk_test_.
  prefix text not null check (prefix in ('sk_live_', 'sk_test_')),
  -- HMAC-SHA-256 of the key. The key itself is nowhere.
  hash bytea not null check (length(hash) = 32),
  scopes scope[] not null,
  role_id uuid,
  rate_limit_max integer check (rate_limit_max between 1 and 100000),
  rate_limit_window text,
  created_at timestamptz(3) not null default current_timestamp,
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3),
  check ((tenant_key is null) = (root_id is null)),
  constraint api_keys_tenant_key_root_id_fkey foreign key (tenant_key, root_id) references tenants (key, root_id) on delete restrict on update cascade,
  -- Without its role a key has its own scopes again.
  constraint api_keys_role_id_fkey foreign key (role_id) references roles (id) on delete set null on update restrict
);
create unique index api_key_hash on api_keys (hash);
create index api_key_tenant on api_keys (tenant_key);
create index api_key_role on api_keys (role_id) where role_id is not null;

-- Kept answers are sealed from now on; those in clear go, which repeats nothing that was carried out: only their answers are lost.
update idempotency_keys set status = null, body = null;
