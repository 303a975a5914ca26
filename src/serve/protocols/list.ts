/** The protocols the server speaks. */
import type { Protocol } from './define.ts';
import { mlflowProtocol } from './mlflow/routes.ts';
import { predictProtocol } from './predict/routes.ts';
import { sagemakerProtocol } from './sagemaker/routes.ts';
import { v1Protocol } from './v1/routes.ts';
import { v2Protocol } from './v2/routes.ts';
import { vertexProtocol } from './vertex/routes.ts';

/**
 * Order decides where two have the same path. Vertex AI's come from the environment, so they were asked for. MLflow's go
 * before SageMaker's: it says which bodies are its own, the other takes what is left. Loadline's own comes last, because
 * what is nobody's is answered in its form.
 */
export const PROTOCOLS: readonly Protocol[] = [
  vertexProtocol,
  v2Protocol,
  v1Protocol,
  mlflowProtocol,
  sagemakerProtocol,
  predictProtocol,
];
