import { ApiError, type Client, FindImportRootDocument, ListImportedDocument } from '../../client/index.ts';

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
  let after: string | null = null;
  do {
    const page: Page = await readPage(client, rootId, after);
    for (const { slug, id } of page.nodes) {
      present.set(slug, id);
    }
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return present;
}

interface Page {
  readonly nodes: readonly { readonly id: string; readonly slug: string }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

async function readPage(client: Client, rootId: string, after: string | null): Promise<Page> {
  const { tenant } = await client.query(ListImportedDocument, { rootId, after });
  return tenant?.descendants ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
}
