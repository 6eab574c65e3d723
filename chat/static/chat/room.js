// @ts-check
// Starts the page of a room. Must only start the parts of the page.

import { startConversation } from "./room/conversation.js";
import { byId } from "./ui/dom.js";
import { onMenuEntry } from "./ui/menus.js";
import { pagePerson } from "./ui/person-data.js";

const { slug = "", handle = "" } = byId("room").dataset;

const conversation = startConversation({ slug, handle, owner: pagePerson });
onMenuEntry("menu-invite", () => conversation.withDialogs(({ openInvitations }) => openInvitations(slug)));
onMenuEntry("menu-leave", () => conversation.withDialogs(({ openLeaveDialog }) => openLeaveDialog(slug)));
