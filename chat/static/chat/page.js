// @ts-check
// Starts what every page has: the menus, the tooltips, the clock, and the hash that a sign-in keeps. When the person signs
// out, the page deletes the stored data and closes the notifications.
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
