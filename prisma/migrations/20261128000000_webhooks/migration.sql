-- Webhooks: who is told of which events, and what became of telling them. A webhook without a tenant is told of the whole installation.

create type delivery_status as enum ('pending', 'success', 'failed');

create table webhooks (
  id uuid primary key,
  tenant_key bigint,
  root_id uuid,
  url text not null check (char_length(url) between 1 and 2048),
  -- Types of events, or '*' for all of them.
  events text[] not null check (cardinality(events) > 0),
  subtree boolean not null default true,
  ordered boolean not null default false,
  description text check (char_length(description) <= 255),
  active boolean not null default true,
  -- Why it is not active; null while it is, and when somebody switched it off.
  disabled_reason text,
  -- Since when nothing has arrived; null after a delivery that did.
  failing_since timestamptz(3),
  created_at timestamptz(3) not null default current_timestamp,
  updated_at timestamptz(3) not null default current_timestamp,
  check ((tenant_key is null) = (root_id is null)),
  constraint webhooks_tenant_key_root_id_fkey foreign key (tenant_key, root_id) references tenants (key, root_id) on delete restrict on update cascade
);
create index webhook_tenant on webhooks (tenant_key);
create index webhook_root on webhooks (root_id);

-- What deliveries are signed with; two at a time while one takes over from the other.
create table webhook_secrets (
  id uuid primary key,
  webhook_id uuid not null,
  -- The secret in an envelope.
  envelope text not null,
  created_at timestamptz(3) not null default current_timestamp,
  -- When it ends; null for the current one.
  ends_at timestamptz(3),
  constraint webhook_secrets_webhook_id_fkey foreign key (webhook_id) references webhooks (id) on delete cascade on update restrict
);
create index webhook_secret_webhook on webhook_secrets (webhook_id);

create table webhook_deliveries (
  id uuid primary key,
  webhook_id uuid not null,
  -- The event it tells of; null for a test.
  ledger_id uuid,
  revision bigint,
  status delivery_status not null default 'pending',
  -- How often it was tried since it was last sent out by hand.
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) default current_timestamp,
  last_error text,
  response_code integer,
  created_at timestamptz(3) not null default current_timestamp,
  completed_at timestamptz(3),
  check ((ledger_id is null) = (revision is null)),
  check ((status = 'pending') = (completed_at is null)),
  constraint webhook_deliveries_webhook_id_fkey foreign key (webhook_id) references webhooks (id) on delete cascade on update restrict,
  constraint webhook_deliveries_ledger_id_revision_fkey foreign key (ledger_id, revision) references events (ledger_id, revision) on delete restrict on update restrict
);
create unique index webhook_delivery_event on webhook_deliveries (webhook_id, ledger_id, revision);
create index webhook_delivery_age on webhook_deliveries (webhook_id, created_at, id);
create index webhook_delivery_due on webhook_deliveries (next_attempt_at) where status = 'pending';
create index webhook_delivery_status on webhook_deliveries (webhook_id, status, completed_at);

create table webhook_attempts (
  delivery_id uuid not null,
  -- 1 for the first of a delivery, over all its lives.
  number integer not null,
  started_at timestamptz(3) not null,
  duration_ms integer not null,
  -- Null when no answer came.
  response_code integer,
  -- How the answer began: its first 2 KiB.
  response_body text,
  error text,
  primary key (delivery_id, number),
  constraint webhook_attempts_delivery_id_fkey foreign key (delivery_id) references webhook_deliveries (id) on delete cascade on update restrict
);

-- Sets deliveries going, in the transaction that made them due, and gives how many. Each carries its webhook as a flag: a worker passes over those of
-- a webhook that it is busy with. Those of one in order are a queue, of which all workers together do one job at a time. All at once, since adding jobs one by one costs a write of many events its time. Without the worker's schema
-- nothing is lost: a worker looks for what is due when it starts.
create function enqueue_deliveries(deliveries uuid[], webhooks uuid[], due timestamptz) returns integer language plpgsql as $$
begin
  if deliveries is not null and to_regclass('graphile_worker.jobs') is not null then
    perform graphile_worker.add_jobs(array(
      select row(
        'deliver_webhook', json_build_object('deliveryId', d.id, 'webhookId', w.id, 'ordered', w.ordered),
        case when w.ordered then 'webhook:' || w.id end, due, null, 'delivery:' || d.id, null, array['webhook:' || w.id])::graphile_worker.job_spec
      from unnest(deliveries, enqueue_deliveries.webhooks) with ordinality as d(id, webhook, n) join webhooks w on w.id = d.webhook
      order by d.n));
  end if;
  return coalesce(cardinality(deliveries), 0);
end
$$;

-- The same of one.
create function enqueue_delivery(delivery uuid, webhook uuid, due timestamptz) returns void language sql as
  'select enqueue_deliveries(array[delivery], array[webhook], due)';

-- The keys of the tenants that a path leads through: what `tenant_path_part` makes of a key, back again.
create function tenant_path_keys(path text) returns bigint[] language plpgsql immutable strict parallel safe as $$
declare
  keys bigint[] := '{}';
  part text;
  rest bigint;
begin
  foreach part in array string_to_array(rtrim(path, '/'), '/') loop
    rest := 0;
    for place in 1 .. length(part) loop
      rest := rest * 36 + (strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(part, place, 1)) - 1);
    end loop;
    keys := keys || rest;
  end loop;
  return keys;
end
$$;

-- Whoever appends events: every webhook that is subscribed at this moment gets one delivery for each, and whoever listens is woken.
-- Webhooks are found by the tenants that an event's paths lead through: what others have in the same tree costs nothing.
create function events_announce() returns trigger language plpgsql as $$
declare
  sent integer;
begin
  perform pg_notify('stratum_events', ledger_id || ':' || max(revision)) from added group by ledger_id;
  if exists (select from webhooks where active) then
    with made as (
      insert into webhook_deliveries as d (id, webhook_id, ledger_id, revision)
      select gen_random_uuid(), w.id, e.ledger_id, e.revision
      from added e
        cross join lateral (select tenant_path_keys(e.path) as path, tenant_path_keys(coalesce(e.from_path, '')) as from_path offset 0) keys
        join webhooks w on w.tenant_key is null or w.tenant_key = any (keys.path || keys.from_path)
      where w.active and (e.type = any (w.events) or '*' = any (w.events))
        and (w.tenant_key is null or (w.root_id = e.ledger_id and (w.subtree or w.tenant_key = keys.path[cardinality(keys.path)])))
      order by e.ledger_id, e.revision
      -- Who deletes a webhook meanwhile is waited for: there is no delivery for what is gone then.
      for key share of w
      returning d.id, d.webhook_id)
    select enqueue_deliveries(array_agg(id), array_agg(webhook_id), now()) into sent from made;
  end if;
  return null;
end
$$;
create trigger events_announce after insert on events referencing new table as added for each statement execute function events_announce();
