import type { Call } from '../domain/call.ts';
import { type Endable, Failure, whenEnded } from '../domain/ledger/endable.ts';
import type { FollowedEvent } from '../domain/ledger/follow.ts';
import { type Context, renew } from './context.ts';

/** Follows something, counted among what the caller has open for as long as it goes on. */
export async function follow<Item>(call: Call, begin: () => Promise<Endable<Item>>): Promise<Endable<Item>> {
  const close = call.lines.open(call.principal);
  try {
    return whenEnded(await begin(), close);
  } catch (error) {
    close();
    throw error;
  }
}

/** Passes on one item of what somebody follows: what is shown of it is read as of its own moment, and a failure is thrown. */
export function passOn<Item extends { readonly call: Context['call'] }>(item: Item | Failure, context: Context): Item {
  if (item instanceof Failure) {
    throw item.error;
  }
  renew(context, item.call);
  return item;
}

/** Whether an item is an event of a ledger, rather than a failure or what follows from several events. */
export function hasRow(item: unknown): item is FollowedEvent {
  return typeof item === 'object' && item !== null && 'row' in item;
}
