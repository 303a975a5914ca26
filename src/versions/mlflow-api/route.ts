/** What answers a request for MLflow's API: a table from `METHOD path` to a function from fields to a value. */
import type { Fields } from './fields.ts';

export interface Call {
  /** Parts of the path that a `:name` stands for, decoded. */
  readonly params: readonly string[];
  /** Who asks, as far as their credentials say; null where they do not. */
  readonly user: string | null;
}

/** Gives what is answered as JSON; fields that are undefined are left out, as unset ones of a protocol buffer are. */
export type Handler = (fields: Fields, call: Call) => object;

/** Keys are `GET experiments/get` or `PATCH logged-models/:id/tags`, below `/api/2.0/mlflow/`. */
export type Routes = Readonly<Record<string, Handler>>;

/** Undefined where it is empty: MLflow leaves empty lists out. */
export function some<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

/** Who moved or made something, for the store's history. */
export function byOf({ user }: Call, tagged?: string): string {
  return user ?? tagged ?? 'mlflow client';
}
