export { crashExplorer } from "./command.ts";
