-- How many deliveries go on at a time to a webhook, over all workers: each holds some of its places, for a while. The nil UUID stands for all webhooks
-- together. What is lost in a crash ends by itself, so none of it needs to outlive one.
create unlogged table webhook_places (
  webhook_id uuid not null,
  -- A worker.
  holder uuid not null,
  places integer not null,
  -- How many it could do with: where somebody lacks places, nobody keeps more than a fair share.
  wanted integer not null,
  ends_at timestamptz(3) not null,
  primary key (webhook_id, holder)
);

-- Gives how many places of each webhook a worker may use: as many as it wants, as long as there are, or its fair share. What it uses beyond that is
-- its own until it gives it back; what it doesn't want any more is free at once.
create function hold_webhook_places(holder uuid, webhooks uuid[], wanted integer[], used integer[], most integer[], lease interval)
returns table (webhook_id uuid, places integer) language plpgsql as $$
declare
  wish record;
  others record;
begin
  -- In one order: nobody waits in a circle.
  for wish in select * from unnest(webhooks, hold_webhook_places.wanted, used, most) as w(id, wanted, used, most) order by w.id loop
    perform pg_advisory_xact_lock(hashtextextended('webhook_places:' || wish.id, 0));
    delete from webhook_places p where p.webhook_id = wish.id and (p.holder = hold_webhook_places.holder or p.ends_at < clock_timestamp());
    select coalesce(sum(p.places), 0) as places, count(*) as count, coalesce(bool_or(p.wanted > p.places), false) as lack into others
      from webhook_places p where p.webhook_id = wish.id;
    webhook_id := wish.id;
    places := greatest(0, least(wish.wanted, wish.most - others.places,
      case when others.lack then ceil(wish.most::numeric / (others.count + 1)) else wish.most end));
    if wish.wanted > 0 then
      insert into webhook_places
        values (webhook_id, hold_webhook_places.holder, greatest(places, wish.used), wish.wanted, clock_timestamp() + lease);
    end if;
    return next;
  end loop;
end
$$;
