/** `mlflow-artifacts:/…`: where the files of runs and models lie, as MLflow writes it. */

/** The path among the store's artifacts; null for a place that is not this store. */
export function artifactPathOf(uri: string): string | null {
  const path = /^mlflow-artifacts:(\/(?!\/).*|\/\/\/.*)$/.exec(uri)?.[1];
  return path === undefined ? null : path.replace(/^\/+/, '').replace(/\/+$/, '');
}

export function uriBelow(uri: string, ...parts: readonly string[]): string {
  return [uri.replace(/\/+$/, ''), ...parts].join('/');
}

/** A path below another; either may be empty. */
export function joinPath(folder: string, path: string): string {
  return [folder, path].filter((part) => part !== '').join('/');
}
