/**
 * A path is the keys of all ancestors and the tenant itself in base 36, each followed by `/`: `1/2s/9k1/`.
 * In byte order (`COLLATE "C"`) a tenant's descendants are one range right behind it, parents before their children.
 */

/** The part a tenant adds to its parent's path. */
export function pathPart(key: bigint): string {
  return `${key.toString(36)}/`;
}

/** Whether `path` is `ancestor` itself or lies beneath it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path.startsWith(ancestor);
}

/** The open range of the descendants' paths: `after < path < before`. */
export function beneath(path: string): { after: string; before: string } {
  return { after: path, before: `${path.slice(0, -1)}0` }; // "0" follows "/" in byte order
}

/** The paths from the root down to the tenant itself. */
export function lineage(path: string): string[] {
  const paths: string[] = [];
  for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
    paths.push(path.slice(0, end + 1));
  }
  return paths;
}

/** The part of its path that a tenant itself adds. */
export function ownPart(path: string): string {
  return path.slice(path.lastIndexOf('/', path.length - 2) + 1);
}

/** The path of the root of the tree. */
export function rootPath(path: string): string {
  return path.slice(0, path.indexOf('/') + 1);
}
