import { developmentKey, settings as ofServer } from '../../config.ts';
import type { Setting } from './write-files.ts';

/** What the generated modules read from the environment. */
export const settings: readonly Setting[] = [
  {
    name: 'STRATUM_URL',
    value: `http://127.0.0.1:${ofServer.port.fallback}`,
    comment: 'Where the control plane answers; "npx stratum dev" starts one on this machine.',
  },
  {
    name: 'STRATUM_API_KEY',
    value: developmentKey,
    comment: 'A key of it with the scope read. This one works on a control plane for development alone.',
  },
  {
    name: 'JWT_SECRET',
    comment: "What your users' tokens are signed with (HS256); their claim tenant_id says whose request it is.",
  },
  {
    name: 'STRATUM_TRUST_HEADER',
    value: 'on',
    comment: 'Believe X-Tenant-ID of everybody: to try it out, or behind a gateway that sets it. Otherwise off.',
  },
];
