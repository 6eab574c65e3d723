// @ts-check
// Draws the messages that the page of a room contains, while the rest of the page's code still loads.
// Must only start the parts of the page.

import { showFirstView } from "./room/first-view.js";

showFirstView();
