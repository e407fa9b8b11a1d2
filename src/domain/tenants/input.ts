import { z } from 'zod';
import type { IsolationStrategy } from '../../db/generated/prisma/client.ts';
import { jsonObject, text, uuid } from '../validation.ts';

/** A batch of tenants is at most this long. */
export const maxBatchTenants = 100;

const slug: z.ZodType<string> = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,62}$/,
    'must start with a letter and have at most 63 lower-case letters, digits and underscores',
  );
const name = text(1, 255);

const newTenant = {
  parentId: uuid.nullish(),
  name,
  slug,
  document: jsonObject.nullish(),
  metadata: jsonObject.nullish(),
  isolationStrategy: z.custom<IsolationStrategy>().nullish(),
  regionId: uuid.nullish(),
};

export const createTenantInput = z.object(newTenant);
/** As a caller gives it, before it is checked. */
export type CreateTenantInput = z.input<typeof createTenantInput>;

/** In a batch, a parent may also be named by the slug of an earlier item, or of a tenant that exists. */
export const createTenantsItem = z
  .object({ ...newTenant, parentSlug: slug.nullish() })
  .refine(({ parentId, parentSlug }) => !(parentId && parentSlug), {
    path: ['parentSlug'],
    message: 'can not be given together with parentId',
  });
/** As a caller gives it, before it is checked. */
export type CreateTenantsItem = z.input<typeof createTenantsItem>;
/** One tenant to create, checked. */
export type NewTenant = z.output<typeof createTenantsItem>;

export const updateTenantInput = z.object({
  name: name.optional(),
  slug: slug.optional(),
  document: jsonObject.optional(),
  metadata: jsonObject.optional(),
});
/** As a caller gives it, before it is checked. */
export type UpdateTenantInput = z.input<typeof updateTenantInput>;
