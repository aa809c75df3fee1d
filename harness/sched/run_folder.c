#include "harness/sched/run_folder.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/fs.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"

/*
 * Programs of a run that was killed live on, each in a session of its own: their binary
 * lies in that run's folder, which their command line shows.
 */
static void kill_left(const char *run_dir)
{
	char *binaries = mem_printf("%s/bin/", run_dir);
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc)) != NULL) {
		struct str line = STR_INIT;
		struct error ignored;
		long pid = strtol(e->d_name, NULL, 10);
		char *path;

		if (pid <= 1 || pid == getpid())
			continue;
		path = mem_printf("/proc/%ld/cmdline", pid);
		if (fs_read(&line, path, &ignored) == 0 &&
		    memmem(line.s, line.len, binaries, strlen(binaries))) {
			pid_t session = getsid((pid_t)pid);

			if (session > 1 && session != getsid(0))
				kill(-session, SIGKILL); /* its group: what it started, too */
			kill((pid_t)pid, SIGKILL);
		}
		str_free(&line);
		mem_free(path);
	}
	if (proc)
		closedir(proc);
	mem_free(binaries);
}

/* Folders of runs whose lock nobody holds: those were killed. */
void run_folders_sweep(const char *runs)
{
	DIR *dir = opendir(runs);
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		char *path, *lock;
		struct error err = { 0 };
		int fd;

		if (e->d_name[0] == '.' || str_ends(e->d_name, ".lock"))
			continue;
		path = path_join(runs, e->d_name);
		lock = mem_printf("%s.lock", path);
		fd = fs_lock(lock, false, &err);
		if (fd >= 0) {
			kill_left(path);
			fs_remove_tree(path, &err);
			unlink(lock);
			fs_unlock(fd);
		}
		mem_free(lock);
		mem_free(path);
	}
	if (dir)
		closedir(dir);
}
