import { z } from 'zod';
import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { StratumError } from '../errors.ts';
import { decodeCursor, encodeCursor } from '../page.ts';
import { ledgerOf, type Subject } from './scope.ts';

/** A place in a ledger, behind one of its events, for those who read about one subject. */
export interface Place {
  readonly ledgerId: string;
  readonly revision: bigint;
  /** How the hash of that event begins: after a restored backup the same revision may be another event. */
  readonly mark: string;
}

const markBytes = 6;

/** The cursor behind an event, good for the same subject alone. */
export function cursorBehind(subject: Subject, { ledgerId, revision, hash }: Event): string {
  return encodeCursor([nameOf(subject), ledgerId, Number(revision), markOf(hash)]);
}

/** The place a cursor stands for. `VALIDATION_ERROR` for one that was given for another subject. */
export function placeOf(subject: Subject, cursor: string | null | undefined): Place | null {
  const place = decodeCursor(
    z.tuple([z.literal(nameOf(subject)), z.guid(), z.int().min(1), z.string().length(markBytes * 2)]),
    cursor,
  );
  return place && { ledgerId: place[1], revision: BigInt(place[2]), mark: place[3] };
}

/** The same in the ledger that the subject is in: pages don't lead from one ledger to another. */
export function placeInLedger(subject: Subject, cursor: string | null | undefined): Place | null {
  const place = placeOf(subject, cursor);
  if (place !== null && place.ledgerId !== ledgerOf(subject)) {
    throw cursorExpired('The tenant has moved to another tree since; begin anew');
  }
  return place;
}

/** `CURSOR_EXPIRED` when the event at a place is no longer there, or was another one. */
export async function assertReachable({ database }: Pick<Call, 'database'>, place: Place): Promise<void> {
  const [event] = await database.query<{ hash: Uint8Array }>(
    Prisma.sql`select hash from events where ledger_id = ${place.ledgerId}::uuid and revision = ${place.revision}`,
  );
  if (event === undefined || markOf(event.hash) !== place.mark) {
    throw cursorExpired('What happened since this cursor is not kept any more; read the present state and begin anew');
  }
}

export function cursorExpired(message: string): StratumError {
  return new StratumError('CURSOR_EXPIRED', message);
}

function nameOf(subject: Subject): string {
  return subject === 'installation' ? '' : subject.id;
}

function markOf(hash: Uint8Array): string {
  return Buffer.from(hash.subarray(0, markBytes)).toString('hex');
}
