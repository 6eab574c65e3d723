// @ts-check
// Starts the page of a room. Must only start the parts of the page.

import { openRoom } from "./room/open-room.js";
import { byId } from "./ui/dom.js";
import { pagePerson } from "./ui/person-data.js";

const { slug = "", handle = "" } = byId("room").dataset;

openRoom({ slug, handle, owner: pagePerson });
