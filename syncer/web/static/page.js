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
