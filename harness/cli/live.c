#include "harness/cli/live.h"

#include <stdio.h>

#include "harness/base/str.h"
#include "harness/report/progress.h"

enum { DRAW_MS = 120 };

struct live {
	struct terminal terminal;
	uv_timer_t timer;
	live_fill *fill;
	void *arg;
	uint64_t started;
	bool on, drawn;
};

struct live *live_new(struct terminal stderr_terminal)
{
	struct live *l = mem_zalloc(sizeof(*l));

	l->terminal = stderr_terminal;
	return l;
}

static void wipe(struct live *l)
{
	if (l->drawn)
		fputs("\r\033[K", stderr);
	l->drawn = false;
}

/* From what is done so far; nothing before there is something to go by. */
static int64_t eta(const struct live_state *s, uint64_t elapsed_ms)
{
	if (s->counts.done < 5 || elapsed_ms < 3000)
		return -1;
	return (int64_t)(elapsed_ms * (s->counts.planned - s->counts.done) / s->counts.done);
}

static void draw(uv_timer_t *timer)
{
	struct live *l = timer->data;
	struct live_state s = { 0 };
	struct progress_download downloads[LNM_COUNT(s.downloads)];
	struct str line = STR_INIT, current = STR_INIT;
	struct progress p = { .utf8 = l->terminal.utf8 };

	l->fill(l->arg, &s);
	for (size_t i = 0; i < s.ndownloads; i++)
		downloads[i] = (struct progress_download){ .name = s.downloads[i].name,
							   .bytes = s.downloads[i].bytes };
	if (*s.doing)
		str_add(&current, s.doing);
	else if (s.counts.kase)
		str_addf(&current, "%s %s %s", s.counts.kase, s.counts.target, s.counts.toolchain);
	p.done = s.counts.done;
	p.total = s.counts.planned;
	p.building = (unsigned)s.building;
	p.running = (unsigned)s.running;
	p.downloads = downloads;
	p.ndownloads = s.ndownloads;
	p.current = current.len ? current.s : NULL;
	p.elapsed_ms = (uv_hrtime() - l->started) / 1000000;
	p.eta_ms = eta(&s, p.elapsed_ms);
	progress_line(&line, &p, l->terminal.width - 1);
	fprintf(stderr, "\r%s\033[K", line.s);
	fflush(stderr);
	l->drawn = true;
	str_free(&line);
	str_free(&current);
}

void live_start(struct live *l, uv_loop_t *loop, live_fill *fill, void *arg)
{
	if (!l->terminal.is_tty)
		return;
	l->fill = fill;
	l->arg = arg;
	l->started = uv_hrtime();
	l->on = true;
	uv_timer_init(loop, &l->timer);
	l->timer.data = l;
	uv_timer_start(&l->timer, draw, DRAW_MS, DRAW_MS);
	uv_unref((uv_handle_t *)&l->timer);
}

void live_stop(struct live *l)
{
	if (!l->on)
		return;
	l->on = false;
	wipe(l);
	uv_close((uv_handle_t *)&l->timer, NULL);
}

void live_free(struct live *l)
{
	mem_free(l);
}

void live_say(struct live *l, const char *line)
{
	if (l)
		wipe(l);
	fprintf(stderr, "lnmatrix: %s\n", line);
}
