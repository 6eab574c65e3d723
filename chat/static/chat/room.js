// @ts-check
// The page of a room. Must hold nothing but the start of its parts.

import { openInvitations } from "./room/invitations.js";
import { openLeaveDialog } from "./room/leave-dialog.js";
import { startConversation } from "./room/conversation.js";
import { byId } from "./ui/dom.js";
import { onMenuEntry } from "./ui/dialog.js";

const { slug = "", handle = "" } = byId("room").dataset;

startConversation({ slug, handle });
onMenuEntry("menu-invite", () => openInvitations(slug));
onMenuEntry("menu-leave", () => openLeaveDialog(slug));
