/** From a method and a URL to a route: fixed paths by one look-up, the others by pattern. */

import { nearest } from '../bytes/nearest.ts';
import type { Protocol, ProtocolOptions, Route } from './protocols/define.ts';

export interface Endpoint {
  readonly route: Route;
  readonly protocol: Protocol;
  /** Place of the route's path among the label values of the metrics. */
  readonly metric: number;
  /** Places of `{model}` and `{version}` among the path's parameters, −1 where it has none. */
  readonly modelAt: number;
  readonly versionAt: number;
}

/** What one path offers. */
export interface Resource {
  /** One endpoint per method, more where protocols share it: in the order of the list of protocols. */
  readonly get: Endpoint | null;
  readonly post: readonly Endpoint[];
  /** For the Allow header. */
  readonly allow: string;
}

export interface Match {
  readonly resource: Resource;
  /** Percent-decoded, without the query. */
  readonly path: string;
  readonly params: readonly string[];
}

export interface Router {
  /** Label values of the metrics: every path, and `other` for what has none. */
  readonly labels: readonly string[];
  readonly routes: readonly Route[];
  find(url: string): Match | null;
  /** The protocol in whose form an unknown path is refused, and the path that may have been meant. */
  explain(url: string): { readonly protocol: Protocol; readonly path: string; readonly near: string | null };
}

interface Pattern {
  readonly path: string;
  readonly expression: RegExp;
  readonly resource: Resource;
}

const NO_PARAMS: readonly string[] = [];

/** Compiles the routes of the protocols; the first protocol also answers for what is nobody's. */
export function createRouter(protocols: readonly Protocol[], options: ProtocolOptions): Router {
  const byPath = new Map<string, Endpoint[]>();
  const labels: string[] = [];
  const routes: Route[] = [];
  for (const protocol of protocols) {
    for (const route of protocol.routes(options)) {
      if (!byPath.has(route.path)) {
        byPath.set(route.path, []);
        labels.push(route.path);
      }
      routes.push(route);
      const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      byPath.get(route.path)!.push({
        route,
        protocol,
        metric: labels.indexOf(route.path),
        modelAt: names.indexOf('model'),
        versionAt: names.indexOf('version'),
      });
    }
  }
  labels.push('other');
  const fixed = new Map<string, Match>();
  const patterns: Pattern[] = [];
  for (const [path, endpoints] of byPath) {
    const resource = resourceOf(endpoints);
    if (path.includes('{')) {
      // A name ends before a colon, so that `m:predict` is no name of a model.
      const source = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '([^/:]+)');
      patterns.push({ path, expression: new RegExp(`^${source}$`), resource });
    } else {
      fixed.set(path, { resource, path, params: NO_PARAMS });
    }
  }
  return {
    labels,
    routes,
    find(url) {
      const found = fixed.get(url);
      if (found !== undefined) {
        return found;
      }
      const path = pathOf(url);
      const known = fixed.get(path);
      if (known !== undefined) {
        return known;
      }
      for (const { expression, resource } of patterns) {
        const match = expression.exec(path);
        if (match !== null) {
          return { resource, path, params: match.slice(1) };
        }
      }
      return null;
    },
    explain(url) {
      const path = pathOf(url);
      return {
        path,
        protocol: protocols.find((protocol) => protocol.owns(path)) ?? protocols[0]!,
        near: nearest(path, [...byPath.keys()]),
      };
    },
  };
}

function resourceOf(endpoints: readonly Endpoint[]): Resource {
  const get = endpoints.find(({ route }) => route.method === 'GET') ?? null;
  const post = endpoints.filter(({ route }) => route.method === 'POST');
  const allow = [...(get === null ? [] : ['GET', 'HEAD']), ...(post.length === 0 ? [] : ['POST']), 'OPTIONS'];
  return { get, post, allow: allow.join(', ') };
}

/** Path of a URL, percent-decoded: KServe's clients may send `%3Apredict`. One that cannot be decoded stays as it is. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  if (!path.includes('%')) {
    return path;
  }
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
