// @ts-check
// Starts what every page has: its menus, its tooltips, its clock, and the end of a login.
// Must only start the parts of the page.

import { startClock } from "./ui/clock.js";
import { watchMenus } from "./ui/menus.js";
import { keepHash } from "./ui/page-hash.js";
import { watchNotificationsEnd } from "./ui/notification-worker.js";
import { watchSignOut } from "./ui/person-data.js";
import { showTitlesOnTap } from "./ui/tooltips.js";

keepHash();
watchSignOut();
watchNotificationsEnd();
watchMenus();
showTitlesOnTap();
startClock();
