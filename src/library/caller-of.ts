import { isIP } from 'node:net';
import { z } from 'zod';
import type { Caller } from '../domain/call.ts';
import { parse, text } from '../domain/validation.ts';
import type { Actor } from './actor.ts';

/** Whoever runs the program itself. */
const nobodyElse: Actor = { actor_id: 'system', actor_type: 'system' };

const name = text(1, 255);

const actorInput = z.strictObject({
  actor_id: name,
  actor_type: z.enum(['api_key', 'jwt', 'system']),
  source_ip: z
    .string()
    .refine((ip) => isIP(ip) !== 0, 'must be an IP address')
    .nullish(),
  request_id: name.nullish(),
});

/**
 * The caller that an actor is. The program may do everything; the actor only says in whose name.
 * @throws {StratumError} `VALIDATION_ERROR` when the ledger could not name them.
 */
export function callerOf(actor: Actor = nobodyElse): Caller {
  const { actor_id: id, actor_type: type, source_ip, request_id } = parse(actorInput, actor, ['actor']);
  const principal = { type, id, scopes: ['admin'], home: null } as const;
  return { principal, requestId: request_id ?? null, sourceIp: source_ip ?? null };
}
