import { Prisma } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';

/** The ids behind slugs, in the order of `slugs`; null where there is no such tenant. Says nothing of who may see it. */
export async function findIdsBySlug({ database }: Call, slugs: readonly string[]): Promise<(string | null)[]> {
  const rows = await database.query<{ id: string; slug: string }>(
    Prisma.sql`select id, slug from tenants where slug = any(${slugs.filter((slug) => !slug.includes('\0'))}::text[])`,
  );
  const ids = new Map(rows.map(({ id, slug }) => [slug, id]));
  return slugs.map((slug) => ids.get(slug) ?? null);
}
