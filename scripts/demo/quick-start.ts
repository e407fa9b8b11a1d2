import type { CreatePermissionInput, SetConfigInput } from '../../src/client/index.ts';

/** The quick start as data: who there is, what each of them sets, and what must be refused. */
export interface Actor {
  readonly slug: string;
  readonly name: string;
  /** Slug of the tenant above; null for the root. */
  readonly above: string | null;
  readonly config?: readonly ConfigStep[];
  readonly permissions?: readonly PermissionStep[];
}

export type ConfigStep = SetConfigInput & { readonly value: unknown; readonly refused?: string };
export type PermissionStep = CreatePermissionInput & { readonly value: unknown; readonly refused?: string };

export const quickStart: readonly Actor[] = [
  {
    slug: 'acmesec',
    name: 'AcmeSec',
    above: null,
    config: [
      { key: 'max_users', value: 1000 },
      { key: 'theme', value: 'midnight', locked: true },
    ],
    permissions: [
      { key: 'manage_users', value: true, mode: 'LOCKED', revocationMode: 'CASCADE' },
      { key: 'export_reports', value: true, mode: 'DELEGATED', revocationMode: 'SOFT' },
    ],
  },
  {
    slug: 'northstar_msp',
    name: 'NorthStar MSP',
    above: 'acmesec',
    config: [
      { key: 'max_users', value: 500 },
      { key: 'smtp_password', value: 'correct horse battery staple', sensitive: true },
    ],
  },
  {
    slug: 'blue_harbor_dental',
    name: 'Blue Harbor Dental',
    above: 'northstar_msp',
    config: [{ key: 'theme', value: 'seaside', refused: 'CONFIG_LOCKED' }],
  },
  {
    slug: 'kestrel_logistics',
    name: 'Kestrel Logistics',
    above: 'northstar_msp',
    permissions: [
      { key: 'export_reports', value: false, mode: 'DELEGATED', revocationMode: 'SOFT' },
      { key: 'manage_users', value: false, mode: 'INHERITED', revocationMode: 'CASCADE', refused: 'PERMISSION_LOCKED' },
    ],
  },
];
