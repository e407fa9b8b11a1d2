import { Prisma } from '../../db/generated/prisma/client.ts';
import { type Check, none } from './check.ts';

export const staleKeys: Check = {
  name: 'stale-keys',
  level: 'warning',
  advice: 'revoke the keys that nobody needs any more',
  examine: none(
    'key',
    'not used for 90 days',
    Prisma.sql`
      select id::text from api_keys
      where revoked_at is null and (expires_at is null or expires_at > now())
        and coalesce(last_used_at, created_at) < now() - interval '90 days'`,
  ),
};

export const expiredKeys: Check = {
  name: 'expired-keys',
  level: 'warning',
  advice: 'whoever still calls with them is refused: give them new ones, and revoke these',
  examine: none(
    'expired key',
    'not revoked',
    Prisma.sql`select id::text from api_keys where revoked_at is null and expires_at <= now()`,
  ),
};
