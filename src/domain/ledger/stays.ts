import { type Event, Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { lineage } from '../tenants/path.ts';
import { cursorExpired, type Place } from './cursor.ts';
import { eventColumns } from './rows.ts';

/** A part of a ledger in which a tenant's events stand. */
export interface Stay {
  readonly ledgerId: string;
  /** Behind this revision. */
  readonly after: bigint;
  /** Up to this one; null for as long as it goes on. */
  readonly until: bigint | null;
}

/** Where a tenant was found. */
export interface Whereabouts {
  readonly rootId: string;
  readonly path: string;
  /** How far the ledger of its tree had come then: it may have moved since. */
  readonly treeRevision: bigint;
}

/** Nobody moves so often between two looks. */
const maxMoves = 1_000;

/**
 * Where a tenant was since a place in a ledger, in order: every time it went to another tree, with any of its ancestors, its events go on in
 * another ledger. Goes back from where it was found, one move at a time, since each move names the path before.
 * @throws {StratumError} `CURSOR_EXPIRED` when the place is on no way that the tenant came.
 */
export async function staysSince(
  call: Pick<Call, 'database'>,
  { rootId, path, treeRevision }: Whereabouts,
  since: Pick<Place, 'ledgerId' | 'revision'>,
): Promise<Stay[]> {
  const stays: Stay[] = [];
  let ledgerId = rootId;
  let pathThen = path;
  let until: bigint | null = null; // of the stay
  let before = treeRevision + 1n; // of the next move back
  for (let moves = 0; moves < maxMoves; moves += 1) {
    const floor = ledgerId === since.ledgerId ? since.revision : 0n;
    const move = await lastMove(call, { ledgerId, path: pathThen, floor, before });
    if (move === null) {
      if (ledgerId !== since.ledgerId) {
        break;
      }
      return [{ ledgerId, after: floor, until }, ...stays];
    }
    const beneath = pathThen.slice((move.path ?? '').length);
    before = move.revision;
    if (move.fromPath !== null) {
      pathThen = move.fromPath + beneath;
      continue;
    }
    const left = await departure(call, move);
    if (left === null) {
      break;
    }
    stays.unshift({ ledgerId, after: move.revision, until });
    ledgerId = left.ledgerId;
    pathThen = (left.path ?? '') + beneath;
    before = left.revision;
    until = left.revision;
  }
  throw cursorExpired('The tenant has moved between trees since in a way that can not be followed; begin anew');
}

interface Search {
  readonly ledgerId: string;
  readonly path: string;
  readonly floor: bigint;
  readonly before: bigint;
}

/** The last move, of a tenant or of one above it, that made its path what it was. */
async function lastMove(
  { database }: Pick<Call, 'database'>,
  { ledgerId, path, floor, before }: Search,
): Promise<Event | null> {
  const [move] = await database.query<Event>(Prisma.sql`
    select ${eventColumns} from events e
    where e.ledger_id = ${ledgerId}::uuid and e.revision > ${floor} and e.revision < ${before} and e.type = 'tenant.moved'
      and e.path = any(${lineage(path)}::text[])
    order by e.revision desc limit 1`);
  return move ?? null;
}

/** The other half of a move from another tree: the event in the ledger that the tenant left. */
async function departure({ database }: Pick<Call, 'database'>, arrival: Event): Promise<Event | null> {
  const { root_id } = arrival.before as { readonly root_id: string }; // as `tenantState` makes it
  const [left] = await database.query<Event>(Prisma.sql`
    select ${eventColumns} from events e
    where e.ledger_id = ${root_id}::uuid and e.tenant_id = ${arrival.tenantId}::uuid and e.type = 'tenant.moved'
      and e.after->>'root_id' = ${arrival.ledgerId} and (e.after->>'revision')::bigint = ${arrival.revision}`);
  return left ?? null;
}
