/** How a person names a model: a file, a URI of MLflow, a version in the embedded store, a file tracked by DVC. */

/** Which version of a registered model. */
export type VersionPick =
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'alias'; readonly alias: string }
  | { readonly kind: 'latest' }
  /** MLflow's older way: `models:/house-price/Production`. */
  | { readonly kind: 'stage'; readonly stage: string };

export type ModelReference =
  /** A model file or a folder with an MLmodel; `file:` URIs too. */
  | { readonly kind: 'file'; readonly path: string }
  /** `models:/NAME@ALIAS`, `models:/NAME/3`, `models:/NAME/latest`, `models:/NAME/Production`: at MLFLOW_TRACKING_URI. */
  | { readonly kind: 'mlflow'; readonly name: string; readonly pick: VersionPick }
  /** `models:/m-…`: a logged model of MLflow 3. */
  | { readonly kind: 'logged-model'; readonly modelId: string }
  /** `runs:/RUN_ID/PATH`. */
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  /** `mlflow-artifacts:/PATH`, with a host or without. */
  | { readonly kind: 'artifacts'; readonly uri: string }
  /** `NAME@ALIAS`, `NAME/3`, `NAME/latest` where no file of that name is there. */
  | { readonly kind: 'store'; readonly name: string; readonly pick: VersionPick }
  /** `model.pkl.dvc`, or a path that DVC tracks and that is not in the work tree. */
  | { readonly kind: 'dvc'; readonly path: string };
