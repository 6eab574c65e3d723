// @ts-check
// Starts what works before the rest of the page's code has arrived. It draws the messages that the page contains, and keeps
// an early click until that code can repeat the click. Must only start the parts of the page.

import { showFirstView } from "./room/first-view.js";
import { keepEarlyClick } from "./ui/early-click.js";

keepEarlyClick();
showFirstView();
