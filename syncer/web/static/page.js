// Comfort only: every page works without this file.
"use strict";

// One more row for the key-value pairs as soon as the last one is used.
for (const rows of document.querySelectorAll("[data-rows]")) {
	rows.addEventListener("input", () => {
		const last = rows.lastElementChild;
		const used = [...last.querySelectorAll("input, textarea")].some((field) => field.value !== "");
		if (!used || rows.children.length >= 100) return;
		const next = last.cloneNode(true);
		const number = rows.children.length + 1;
		for (const field of next.querySelectorAll("input, textarea")) field.value = "";
		for (const label of next.querySelectorAll(".hidden")) label.textContent = label.textContent.replace(/\d+$/, number);
		rows.append(next);
	});
}

// The browser can keep a page as it was left, and show it again at the back button: without
// what was entered, and not after the end of the session.
addEventListener("pagehide", () => {
	for (const form of document.forms) form.reset();
});
addEventListener("pageshow", (event) => {
	if (event.persisted) location.reload();
});
