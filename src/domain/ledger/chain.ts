import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** Everything an event says, as it is hashed: RFC 8785 canonical JSON of these fields, in clear names and plain JSON types. */
export interface EventContent {
  readonly ledgerId: string;
  readonly revision: number;
  readonly type: string;
  readonly tenantId: string | null;
  readonly path: string | null;
  readonly fromPath: string | null;
  readonly actorType: string;
  readonly actorId: string;
  readonly requestId: string | null;
  readonly sourceIp: string | null;
  /** ISO 8601, milliseconds, UTC. */
  readonly occurredAt: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What the first event of a ledger follows. */
export const genesis: Uint8Array = new Uint8Array(32);

/** SHA-256 over the previous hash and the event's canonical JSON: a changed, missing or reordered event breaks the chain. */
export function chainHash(previous: Uint8Array, content: EventContent): Uint8Array {
  return createHash('sha256')
    .update(previous)
    .update(canonicalize(content) ?? '')
    .digest();
}
