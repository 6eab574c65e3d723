// @ts-check
// Starts what every page has: its menus, its clock, and the end of a login. Must only start the parts of the page.

import { startClock } from "./ui/clock.js";
import { watchMenus } from "./ui/menus.js";
import { watchSignOut } from "./ui/person-data.js";

watchSignOut();
watchMenus();
startClock();
