import type { Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Home } from '../principal.ts';
import { ownPart } from '../tenants/path.ts';
import { leadsThrough } from './scope.ts';

/**
 * An event as those see it who are at home in one tenant. Of what lay outside their home at the time nothing is told: not where a tenant came
 * from or went to, and not the parent of the home itself. Who did it is told: that is what an audit trail is for.
 */
export function shownEvent<Shown extends Event>(home: Home | null, event: Shown): Shown {
  if (home === null || event.path === null || !event.type.startsWith('tenant.')) {
    return event;
  }
  const { path, fromPath, ledgerId, before, after } = event;
  return {
    ...event,
    before: shownState(home, ledgerId, fromPath ?? path, before),
    after: shownState(home, ledgerId, path, after),
  };
}

/** A state of the tenant that was at `path`, unless it was in another tree. */
function shownState({ path: home }: Home, ledgerId: string, path: string, state: Prisma.JsonValue): Prisma.JsonValue {
  const own = state as { readonly root_id: string } | null; // as `tenantState` makes it
  if (own === null) {
    return null;
  }
  if (ownPart(path) === ownPart(home)) {
    return { ...own, parent_id: null };
  }
  return own.root_id === ledgerId && leadsThrough(path, home) ? state : null;
}
