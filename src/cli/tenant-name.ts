import { FindTenantBySlugDocument } from '../client/index.ts';
import { isUuid } from '../domain/validation.ts';
import type { Door } from './server.ts';

/** The id of a tenant that is named by its id or its slug. `TENANT_NOT_FOUND` when there is none for the caller. */
export async function tenantIdOf(client: Pick<Door, 'query'>, name: string): Promise<string> {
  if (isUuid(name)) {
    return name.toLowerCase();
  }
  const { tenantBySlug } = await client.query(FindTenantBySlugDocument, { slug: name });
  return tenantBySlug?.id ?? '';
}

/** The same for a tenant that need not be named: null for the whole installation. */
export async function tenantIdOrNull(client: Pick<Door, 'query'>, name: string | undefined): Promise<string | null> {
  return name === undefined ? null : tenantIdOf(client, name);
}

/** Who set something, as a person knows it; what lies above the caller's home has no name for them. */
export function nameOfSource({ id, name, slug }: { id: string; name: string | null; slug: string | null }): string {
  return slug ?? name ?? id;
}
