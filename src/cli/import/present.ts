import { ApiError, type Client, FindImportRootDocument, ListImportedDocument } from '../../client/index.ts';
import { itemsOf } from '../../client/pages.ts';

export interface ImportRoot {
  readonly id: string;
  readonly name: string;
}

/** The tenant with this slug; null when there is none. */
export async function findRoot(client: Client, slug: string): Promise<ImportRoot | null> {
  try {
    return (await client.query(FindImportRootDocument, { slug })).tenantBySlug;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'TENANT_NOT_FOUND') {
      return null;
    }
    throw error;
  }
}

/** Slug → id of everything beneath a tenant: what an earlier run has left is not created again. */
export async function listPresent(client: Client, rootId: string): Promise<Map<string, string>> {
  const present = new Map<string, string>();
  const tenants = itemsOf(
    async (after) => (await client.query(ListImportedDocument, { rootId, after })).tenant?.descendants,
  );
  for await (const { slug, id } of tenants) {
    present.set(slug, id);
  }
  return present;
}
