// @ts-check
// Starts what every page has: its menus, and the end of a login. Must only start the parts of the page.

import "./ui/menus.js";
import { watchSignOut } from "./ui/person-data.js";

watchSignOut();
