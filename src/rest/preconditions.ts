import type { FastifyReply, FastifyRequest } from 'fastify';
import { StratumError } from '../domain/errors.ts';
import type { Context } from '../graphql/context.ts';
import { entityTag, isTagged, namesTag, revisionNamed } from './etag.ts';
import type { Data, Operation } from './operation.ts';

/**
 * The answer's entity tag, when it has one; true when the caller already holds this answer. What is true of a tenant is shown to
 * different callers differently, so no cache that several share may keep it.
 */
export function isKnown(request: FastifyRequest, reply: FastifyReply, result: unknown): boolean {
  if (!isTagged(result)) {
    return false;
  }
  const tag = entityTag(result);
  reply.header('ETag', tag).header('Cache-Control', 'private, no-cache');
  const held = request.headers['if-none-match'];
  return held !== undefined && (request.method === 'GET' || request.method === 'HEAD') && namesTag(held, tag);
}

/**
 * The revision behind `If-Match` as a variable of the operation, which refuses a thing that changed since. Revisions count in one
 * tree, so a tag of another tree is refused here; `*` only wants the thing to exist, which every write does by itself.
 */
export async function expectedRevision(
  request: FastifyRequest,
  { operation, treeOf, context }: { operation: Operation; treeOf: Operation; context: Context },
): Promise<Data> {
  const header = request.headers['if-match']?.trim();
  if (header === undefined || header === '*' || !operation.inputs.some(({ source }) => source === 'header')) {
    return {};
  }
  const { id } = request.params as { id: string };
  const { tenant } = await treeOf.run(context, { id });
  const revision = isTagged(tenant) ? revisionNamed(header, tenant.tagRoot) : null;
  if (revision === null) {
    throw new StratumError('REVISION_MISMATCH', 'If-Match names no revision of the tree the tenant is in');
  }
  return { ifRevision: revision };
}
