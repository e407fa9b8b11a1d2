import { z } from 'zod';
import { scopeList } from '../api-keys/input.ts';
import { text, uuid } from '../validation.ts';

const name = text(1, 100);
const description = text(0, 500);

export const createRoleInput = z.object({
  tenantId: uuid.nullish(),
  name,
  description: description.nullish(),
  scopes: scopeList,
});
/** As a caller gives it, before it is checked. */
export type CreateRoleInput = z.input<typeof createRoleInput>;

export const updateRoleInput = z.object({
  name: name.nullish(),
  description: description.nullish(),
  scopes: scopeList.nullish(),
});
/** As a caller gives it, before it is checked. */
export type UpdateRoleInput = z.input<typeof updateRoleInput>;
