import { z } from 'zod';
import type { PermissionMode, RevocationMode } from '../../db/generated/prisma/client.ts';
import { json, text } from '../validation.ts';

export const createPermissionInput = z.object({
  key: text(1, 255),
  value: json,
  mode: z.custom<PermissionMode>(),
  revocationMode: z.custom<RevocationMode>(),
});
/** As a caller gives it, before it is checked. */
export type CreatePermissionInput = Partial<z.input<typeof createPermissionInput>>;

export interface UpdatePermissionInput {
  readonly value?: unknown;
  readonly mode?: PermissionMode | null | undefined;
  readonly revocationMode?: RevocationMode | null | undefined;
}
