// @ts-check
// Starts the page of a signed-in person: their rooms, and the pane beside them. Must only start the parts of the page.

import { repeatEarlyClick } from "./ui/early-click.js";
import { startWorkspace } from "./workspace/workspace.js";

startWorkspace();
repeatEarlyClick();
