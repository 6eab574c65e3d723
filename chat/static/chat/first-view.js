// @ts-check
// Starts what works before the rest of the page's code has arrived: draws the messages that the page contains, and keeps
// a click. Must only start the parts of the page.

import { showFirstView } from "./room/first-view.js";
import { keepEarlyClick } from "./ui/early-click.js";

keepEarlyClick();
showFirstView();
