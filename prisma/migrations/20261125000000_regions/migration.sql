-- Regions, and tenants only in regions that exist.

create type region_status as enum ('active', 'draining', 'inactive');

create table regions (
  id uuid primary key,
  slug text collate "C" not null check (slug ~ '^[a-z][a-z0-9_]{0,62}$'),
  display_name text not null check (char_length(display_name) between 1 and 255),
  status region_status not null default 'active'
);
create unique index region_slug on regions (slug);

-- No tenant names a region yet: none could be given.
alter table tenants add constraint tenants_region_id_fkey foreign key (region_id) references regions (id) on delete restrict on update restrict;
create index tenant_region on tenants (region_id) where region_id is not null;
