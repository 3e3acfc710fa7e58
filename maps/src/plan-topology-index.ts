// Everything of the editor's geometry under one name, for whoever drives it from outside the page.
export { Coverage } from "./plan-topology-coverage";
import * as byOne from "./plan-topology-edits";
import { reshape } from "./plan-topology-reshape";

export const edits = { ...byOne, reshape };
export * from "./plan-topology";
