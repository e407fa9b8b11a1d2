import { version } from '../app.ts';
import { type Config, developmentKey, developmentKeyAllowed } from '../config.ts';

/** What a person wants to know of a server that has just started. */
export function banner({ url, place, config }: { url: string; place: string; config: Config }): string {
  const rows = [
    [config.playground ? 'GraphQL, with a playground' : 'GraphQL', `${url}/graphql`],
    ['REST', `${url}/api/v1`],
    ['REST described', `${url}/api/docs`],
    ['Data', place],
    ...keyRows(config),
  ];
  const lines = rows.map(([name = '', value = '']) => `  ${name.padEnd(28)}${value}`);
  return ['', `Stratum ${version} is ready.`, ...lines, ''].join('\n');
}

function keyRows(config: Config): string[][] {
  if (developmentKeyAllowed(config)) {
    return [['Development key', `${developmentKey} (header X-API-Key, from this machine only)`]];
  }
  return config.bootstrapKey === null
    ? [['The first key', 'stratum keys create --name Operations --scopes admin']]
    : [];
}
