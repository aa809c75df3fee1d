#include "harness/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/mem.h"

char *path_join(const char *base, const char *name)
{
	size_t n = strlen(base);

	if (*name == '/' || n == 0)
		return mem_strdup(name);
	return mem_printf("%s%s%s", base, base[n - 1] == '/' ? "" : "/", name);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	if (slash == path)
		return mem_strdup("/");
	return mem_strndup(path, (size_t)(slash - path));
}

char *path_abs(const char *path)
{
	char *cwd, *abs;

	if (*path == '/')
		return mem_strdup(path);
	cwd = getcwd(NULL, 0);
	while (str_starts(path, "./"))
		path += 2 + strspn(path + 2, "/");
	if (*path == '\0' || strcmp(path, ".") == 0)
		abs = mem_strdup(cwd ? cwd : "/");
	else
		abs = path_join(cwd ? cwd : "/", path);
	free(cwd);
	return abs;
}

bool path_is_tame(const char *name)
{
	if (*name == '\0' || *name == '/')
		return false;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 0 || (n == 1 && name[0] == '.') ||
		    (n == 2 && name[0] == '.' && name[1] == '.') || memchr(name, '\\', n))
			return false;
		name += n;
		if (*name == '/' && *++name == '\0')
			return false;
	}
	return true;
}

bool fs_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool fs_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int fs_read(struct str *out, const char *path, struct error *err)
{
	char buf[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_os(err, errno, "%s", path);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int saved = errno;

			close(fd);
			return err_os(err, saved, "%s", path);
		}
		str_addn(out, buf, (size_t)n);
	}
	close(fd);
	return 0;
}

static int write_fd(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, data, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		data += w;
		n -= (size_t)w;
	}
	return 0;
}

static int make_parent(const char *path, struct error *err)
{
	char *dir = path_dir(path);
	int rc = fs_mkdirs(dir, err);

	mem_free(dir);
	return rc;
}

int fs_write(const char *path, const char *data, size_t n, mode_t mode, struct error *err)
{
	int fd, saved;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 && errno == ENOENT) {
		if (make_parent(path, err) < 0)
			return err->code;
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	}
	if (fd < 0)
		return err_os(err, errno, "%s", path);
	if (write_fd(fd, data, n) < 0) {
		saved = errno;
		close(fd);
		return err_os(err, saved, "%s", path);
	}
	if (close(fd) < 0)
		return err_os(err, errno, "%s", path);
	return 0;
}

static int replace(const char *path, const char *data, size_t n, mode_t mode, const struct stat *old,
		   struct error *err)
{
	static atomic_uint serial; /* threads write too */
	char *tmp = mem_printf("%s.tmp-%ld-%u", path, (long)getpid(), atomic_fetch_add(&serial, 1));
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode), saved, rc = 0;

	if (fd < 0) {
		rc = err_os(err, errno, "%s", path);
	} else if (write_fd(fd, data, n) < 0 || (old && fchmod(fd, old->st_mode & 07777) < 0) || fsync(fd) < 0) {
		saved = errno;
		close(fd);
		unlink(tmp);
		rc = err_os(err, saved, "%s", path);
	} else if (close(fd) < 0 || rename(tmp, path) < 0) {
		saved = errno;
		unlink(tmp);
		rc = err_os(err, saved, "%s", path);
	}
	mem_free(tmp);
	return rc;
}

int fs_replace(const char *path, const char *data, size_t n, mode_t mode, struct error *err)
{
	if (make_parent(path, err) < 0)
		return err->code;
	return replace(path, data, n, mode, NULL, err);
}

static int write_through(const char *path, const char *data, size_t n, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), rc = 0;

	if (fd < 0)
		return err_os(err, errno, "%s", path);
	if (write_fd(fd, data, n) < 0)
		rc = err_os(err, errno, "%s", path);
	if (close(fd) < 0 && rc == 0)
		rc = err_os(err, errno, "%s", path);
	return rc;
}

int fs_output(const char *path, const char *data, size_t n, struct error *err)
{
	char *dir = path_dir(path), *real = realpath(path, NULL);
	bool is_link;
	struct stat st;
	int rc;

	is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	if (!fs_is_dir(dir))
		rc = err_set(err, ERR_OS, "cannot write %s: there is no folder %s", path, dir);
	else if (fs_is_dir(path))
		rc = err_set(err, ERR_OS, "cannot write %s: it is a folder", path);
	else if (real && stat(real, &st) == 0 && S_ISREG(st.st_mode))
		rc = replace(real, data, n, 0666, &st, err);
	else if (real || is_link)
		rc = write_through(path, data, n, err);
	else
		rc = replace(path, data, n, 0666, NULL, err);
	free(real);
	mem_free(dir);
	return rc;
}

int fs_mkdirs(const char *path, struct error *err)
{
	char *copy = mem_strdup(path);
	int rc = 0;

	for (char *p = *copy ? copy + 1 : copy; rc == 0; p++) {
		if (*p == '/' || *p == '\0') {
			char keep = *p;

			*p = '\0';
			if (mkdir(copy, 0777) < 0 && errno != EEXIST)
				rc = err_os(err, errno, "%s", copy);
			*p = keep;
			if (keep == '\0')
				break;
		}
	}
	if (rc == 0 && !fs_is_dir(path))
		rc = err_os(err, ENOTDIR, "%s", path);
	mem_free(copy);
	return rc;
}

static int remove_at(int dirfd, const char *name)
{
	struct dirent *e;
	DIR *dir;
	int fd, why, rc = 0;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	why = errno;
	if (why != EISDIR && why != EPERM && why != EACCES)
		return -1;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && fchmodat(dirfd, name, 0700, 0) == 0)
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0; /* somebody else removes it too */
	if (fd < 0) {
		if (errno == ENOTDIR)
			errno = why; /* a file that may not be removed */
		return -1;
	}
	fchmod(fd, 0700); /* module caches make their folders read-only */
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_at(fd, e->d_name);
	closedir(dir);
	if (rc == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = -1;
	return rc;
}

int fs_remove_tree(const char *path, struct error *err)
{
	if (remove_at(AT_FDCWD, path) < 0)
		return err_os(err, errno, "cannot remove %s", path);
	return 0;
}

static int lock_file(const char *path, int how, struct error *err)
{
	int fd;

	err->code = ERR_OK;
	if (make_parent(path, err) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		err_os(err, errno, "%s", path);
		return -1;
	}
	while (flock(fd, how) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			err_os(err, errno, "lock %s", path);
		close(fd);
		return -1;
	}
	return fd;
}

int fs_lock(const char *path, bool wait, struct error *err)
{
	return lock_file(path, LOCK_EX | (wait ? 0 : LOCK_NB), err);
}

int fs_lock_shared(const char *path, struct error *err)
{
	return lock_file(path, LOCK_SH | LOCK_NB, err);
}

void fs_lock_share(int fd)
{
	flock(fd, LOCK_SH | LOCK_NB);
}

void fs_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

struct walk {
	fs_visit *visit;
	void *arg;
	struct str rel;
};

static int not_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_at(struct walk *w, int parent, const char *name, struct error *err)
{
	struct dirent **names = NULL;
	int n, rc = 0;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_os(err, errno, "%s", w->rel.len ? w->rel.s : name);
	n = scandirat(fd, ".", &names, not_dots, by_name);
	if (n < 0)
		rc = err_os(err, errno, "%s", w->rel.s);
	for (int i = 0; i < n; i++) {
		size_t keep = w->rel.len;
		struct stat st;

		if (rc == 0) {
			if (keep)
				str_addc(&w->rel, '/');
			str_add(&w->rel, names[i]->d_name);
			if (fstatat(fd, names[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
				rc = err_os(err, errno, "%s", w->rel.s);
			else
				rc = w->visit(w->arg, w->rel.s, &st, err);
			if (rc == 0 && S_ISDIR(st.st_mode))
				rc = walk_at(w, fd, names[i]->d_name, err);
			w->rel.len = keep;
			w->rel.s[keep] = '\0';
		}
		free(names[i]);
	}
	free(names);
	close(fd);
	return rc;
}

int fs_walk(const char *root, fs_visit *visit, void *arg, struct error *err)
{
	struct walk w = { .visit = visit, .arg = arg, .rel = STR_INIT };
	int rc = walk_at(&w, AT_FDCWD, root, err);

	str_free(&w.rel);
	return rc;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *fs_find_program(const char *name, const char *search)
{
	const char *p = search;

	if (strchr(name, '/'))
		return is_program(name) ? path_abs(name) : NULL;
	while (p && *p) {
		size_t n = strcspn(p, ":");
		char *path = mem_printf("%.*s/%s", (int)n, p, name);
		char *found = n > 0 && is_program(path) ? path_abs(path) : NULL;

		mem_free(path);
		if (found)
			return found;
		p += n + (p[n] == ':');
	}
	return NULL;
}
