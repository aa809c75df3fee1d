#include "harness/report/progress.h"

#include <stdio.h>

#include "harness/report/text.h"

/* In the order on the line. */
enum part { PART_COUNT, PART_WORK, PART_DOWNLOADS, PART_CURRENT, PART_TIME, PARTS };

enum { CURRENT_LEAST = 16 }; /* a shorter stump of the cell's name says nothing */

static void add_clock(struct str *out, uint64_t ms)
{
	unsigned long long s = ms / 1000;

	if (s >= 3600)
		str_addf(out, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
	else
		str_addf(out, "%llu:%02llu", s / 60, s % 60);
}

static void add_megabytes(struct str *out, uint64_t bytes, uint64_t total)
{
	if (total)
		str_addf(out, "%llu/%llu MB", (unsigned long long)(bytes / 1000000),
			 (unsigned long long)((total + 999999) / 1000000));
	else
		str_addf(out, "%llu MB", (unsigned long long)(bytes / 1000000));
}

static void count_part(struct str *out, const struct progress *p)
{
	char total[24];
	int digits = snprintf(total, sizeof(total), "%zu", p->total);

	str_clear(out);
	str_addf(out, "[%*zu/%s]", digits, p->done, total);
}

static void work_part(struct str *out, const struct progress *p)
{
	str_clear(out);
	if (p->building)
		str_addf(out, "%u building", p->building);
	if (p->running)
		str_addf(out, "%s%u running", p->building ? ", " : "", p->running);
}

static void downloads_part(struct str *out, const struct progress *p, bool brief)
{
	uint64_t sum = 0;

	str_clear(out);
	for (size_t i = 0; i < p->ndownloads; i++) {
		sum += p->downloads[i].bytes;
		if (brief)
			continue;
		if (i)
			str_add(out, ", ");
		text_add_clean(out, p->downloads[i].name, p->utf8);
		str_addc(out, ' ');
		add_megabytes(out, p->downloads[i].bytes, p->downloads[i].total);
	}
	if (brief && p->ndownloads) {
		str_addf(out, "%zu download%s ", p->ndownloads, p->ndownloads == 1 ? "" : "s");
		add_megabytes(out, sum, 0);
	}
}

static void time_part(struct str *out, const struct progress *p, bool brief)
{
	str_clear(out);
	add_clock(out, p->elapsed_ms);
	if (brief || p->eta_ms < 0)
		return;
	str_add(out, p->utf8 ? ", ≈" : ", ~");
	add_clock(out, (uint64_t)p->eta_ms);
	str_add(out, " left");
}

/* The count stands apart by a blank, the others by a dot. */
static const char *gap(const struct progress *p, int before)
{
	return before == PART_COUNT ? " " : p->utf8 ? " · " : " - ";
}

static void join(struct str *out, const struct progress *p, const struct str parts[PARTS])
{
	int before = -1;

	str_clear(out);
	for (int i = 0; i < PARTS; i++) {
		if (parts[i].len == 0)
			continue;
		if (before >= 0)
			str_add(out, gap(p, before));
		str_add(out, parts[i].s);
		before = i;
	}
}

/* Columns that the line is too wide. */
static size_t excess(struct str *line, const struct progress *p, const struct str parts[PARTS],
		     size_t width)
{
	size_t used;

	join(line, p, parts);
	used = text_width(line->s);
	return used > width ? used - width : 0;
}

/* Cuts the cell's name by what is too much, if enough of it is left to read. */
static void shorten_current(struct str *current, size_t by, bool utf8)
{
	size_t width = text_width(current->s);
	struct str cut = STR_INIT;

	if (width < by + CURRENT_LEAST)
		return;
	text_add_cut(&cut, current->s, width - by, utf8);
	str_clear(current);
	str_add(current, cut.s);
	str_free(&cut);
}

static void fit(struct str *line, const struct progress *p, struct str parts[PARTS], size_t width)
{
	static const enum part droppable[] = { PART_CURRENT, PART_DOWNLOADS, PART_WORK, PART_TIME };
	size_t over = excess(line, p, parts, width);

	if (over)
		shorten_current(&parts[PART_CURRENT], over, p->utf8);
	if (excess(line, p, parts, width))
		downloads_part(&parts[PART_DOWNLOADS], p, true);
	if (excess(line, p, parts, width))
		time_part(&parts[PART_TIME], p, true);
	over = excess(line, p, parts, width);
	if (over)
		shorten_current(&parts[PART_CURRENT], over, p->utf8);
	for (size_t i = 0; i < sizeof(droppable) / sizeof(droppable[0]); i++)
		if (excess(line, p, parts, width))
			str_clear(&parts[droppable[i]]);
	excess(line, p, parts, width);
}

void progress_line(struct str *out, const struct progress *p, int width)
{
	struct str parts[PARTS], line = STR_INIT;

	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct str)STR_INIT;
	count_part(&parts[PART_COUNT], p);
	work_part(&parts[PART_WORK], p);
	downloads_part(&parts[PART_DOWNLOADS], p, false);
	if (p->current)
		text_add_clean(&parts[PART_CURRENT], p->current, p->utf8);
	time_part(&parts[PART_TIME], p, false);
	fit(&line, p, parts, width > 0 ? (size_t)width : 0);
	text_add_cut(out, line.s, width > 0 ? (size_t)width : 0, p->utf8);
	for (int i = 0; i < PARTS; i++)
		str_free(&parts[i]);
	str_free(&line);
}
