import type { Event } from '../../db/generated/prisma/client.ts';

/** What an event is about: the kind of thing, and what it is called. */
export interface Resource {
  readonly type: string;
  readonly id: string | null;
}

/** A config entry goes by its key, everything else by its id. */
export function resourceOf({ type, tenantId, before, after }: Event): Resource {
  const [kind = ''] = type.split('.');
  const state = (after ?? before ?? {}) as { readonly id?: string; readonly key?: string }; // as `entryState` and its like make them
  const id = { tenant: tenantId, config: state.key }[kind] ?? state.id;
  return { type: kind, id: id ?? null };
}

/** An id for an event, made of its hash: a UUID of version 8, the same wherever and whenever it is asked for. */
export function eventId({ hash }: Pick<Event, 'hash'>): string {
  const bytes = Buffer.from(hash.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
