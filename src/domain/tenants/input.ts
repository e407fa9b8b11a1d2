import { z } from 'zod';
import type { IsolationStrategy } from '../../db/generated/prisma/client.ts';
import { jsonObject, text, uuid } from '../validation.ts';

/** A batch of tenants is at most this long. */
export const maxBatchTenants = 100;

const slug = z
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
export type CreateTenantInput = z.infer<typeof createTenantInput>;

/** In a batch, a parent may also be named by the slug of an earlier item, or of a tenant that exists. */
export const createTenantsItem = z
  .object({ ...newTenant, parentSlug: slug.nullish() })
  .refine(({ parentId, parentSlug }) => !(parentId && parentSlug), {
    path: ['parentSlug'],
    message: 'can not be given together with parentId',
  });
export type CreateTenantsItem = z.infer<typeof createTenantsItem>;

export const updateTenantInput = z.object({
  name: name.optional(),
  slug: slug.optional(),
  document: jsonObject.optional(),
  metadata: jsonObject.optional(),
});
export type UpdateTenantInput = z.infer<typeof updateTenantInput>;
